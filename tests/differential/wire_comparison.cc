// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "differential/wire_comparison.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "model/answer.h"

namespace larder::differential {
namespace {

using servers::WireClient;

constexpr std::int64_t kToleranceMs = 60'000;

std::string upper(std::string word) {
  for (char& c : word) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return word;
}

Options cache_options() {
  Options options;
  options.max_memory = 0;
  options.shards = 4;
  options.seed = 1;
  return options;
}

// The bulk strings in a reply.
std::vector<std::string> texts_in(std::string_view reply) {
  std::vector<std::string> texts;
  while (!reply.empty()) {
    const std::size_t end = reply.find("\r\n");
    const bool text = reply[0] == '$';
    const auto size = static_cast<std::size_t>(std::strtoll(std::string(reply.substr(1, end)).c_str(), nullptr, 10));
    reply.remove_prefix(end + 2);
    if (!text) continue;
    texts.emplace_back(reply.substr(0, size));
    reply.remove_prefix(size + 2);
  }
  return texts;
}

// All that a walk with SCAN finds; `failure` is the reply that was an error.
std::set<std::string> scan_all(WireClient& client, Words words, std::string* failure) {
  std::set<std::string> keys;
  do {
    const std::string page = client.call(words);
    if (!page.starts_with("*2\r\n")) {
      *failure = page;
      return keys;
    }
    const std::vector<std::string> texts = texts_in(page);
    words[1] = texts.at(0);
    keys.insert(texts.begin() + 1, texts.end());
  } while (words[1] != "0");
  return keys;
}

// To Redis no pattern but "*" matches the empty key.
std::set<std::string> without_empty(std::set<std::string> keys) {
  keys.erase("");
  return keys;
}

bool is_time(const std::string& name) {
  return name == "TTL" || name == "PTTL" || name == "EXPIRETIME" || name == "PEXPIRETIME";
}

// Two numbers that are nearly the same.
bool near(const std::string& a, const std::string& b, std::int64_t tolerance) {
  if (!a.starts_with(':') || !b.starts_with(':')) return false;
  const std::int64_t x = std::strtoll(a.c_str() + 1, nullptr, 10);
  const std::int64_t y = std::strtoll(b.c_str() + 1, nullptr, 10);
  return x >= 0 && y >= 0 && std::abs(x - y) <= tolerance;
}

}  // namespace

std::string printable_words(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + model::printable(word);
  return line;
}

WireComparison::WireComparison(int protocol) : cache_(cache_options()) {
  const servers::RedisServer& server = servers::RedisServer::instance();
  failure_ = server.failure();
  if (!failure_.empty()) return;
  EndpointOptions options;
  options.unix_socket = folder_.path() + "/larder.sock";
  options.read_only = false;
  options.reads = EndpointOptions::Reads::kMark;
  auto endpoint = Endpoint::start(cache_, options);
  failure_ = endpoint.status().to_string();
  if (!endpoint) return;
  failure_.clear();
  endpoint_ = *std::move(endpoint);
  redis_.emplace(server.socket_path());
  larder_.emplace(options.unix_socket);
  for (WireClient* client : {&*redis_, &*larder_}) client->call({"HELLO", std::to_string(protocol)});
}

void WireComparison::clear() {
  redis_->call({"FLUSHALL"});
  larder_->call({"FLUSHALL"});
}

std::string WireComparison::differ(const Words& words, const std::string& redis, const std::string& larder) const {
  return printable_words(words) + "\n  Redis:  " + model::printable(redis) + "\n  Larder: " + model::printable(larder);
}

std::string WireComparison::walk(const Words& words) {
  std::string redis_failure;
  std::string larder_failure;
  const std::set<std::string> redis = scan_all(*redis_, words, &redis_failure);
  const std::set<std::string> larder = scan_all(*larder_, words, &larder_failure);
  if (redis_failure != larder_failure) return differ(words, redis_failure, larder_failure);
  return without_empty(redis) == without_empty(larder) ? "" : printable_words(words) + ": other keys";
}

std::string WireComparison::step(const Words& words) {
  const std::string name = words.empty() ? "" : upper(words[0]);
  if (name == "SCAN" && words.size() > 1 && words[1] == "0") return walk(words);
  std::string redis = redis_->call(words);
  std::string larder = larder_->call(words);
  if (name == "SET" || name == "GETEX") {
    // Redis counts a key that was set to end in the past until somebody looks at it.
    redis_->call({"EXISTS", words.size() > 1 ? words[1] : ""});
  }
  if (redis == larder) return {};
  if (is_time(name) && near(redis, larder, name[0] == 'P' ? kToleranceMs : kToleranceMs / 1000)) return {};
  // The limits differ.
  if (name == "LCS" && redis.starts_with("-ERR Insufficient") && larder.size() > 2) return {};
  if (name == "RANDOMKEY" && redis[0] == larder[0]) return {};
  if (name == "KEYS") {
    const std::vector<std::string> one = texts_in(redis);
    const std::vector<std::string> other = texts_in(larder);
    if (without_empty({one.begin(), one.end()}) == without_empty({other.begin(), other.end()})) return {};
  }
  return differ(words, redis, larder);
}

std::string WireComparison::check_state() {
  std::string wrong = step({"SCAN", "0", "COUNT", "100"});
  if (wrong.empty()) wrong = step({"DBSIZE"});
  for (const std::string& key : texts_in(larder_->call({"KEYS", "*"}))) {
    for (const char* command : {"GET", "PTTL", "TYPE", "STRLEN"}) {
      if (wrong.empty()) wrong = step({command, key});
    }
  }
  return wrong;
}

namespace {

std::string run_all(WireComparison& comparison, const std::vector<Words>& lines, std::size_t* at) {
  comparison.clear();
  for (*at = 0; *at < lines.size(); ++*at) {
    std::string wrong = comparison.step(lines[*at]);
    if (!wrong.empty()) return wrong;
  }
  return comparison.check_state();
}

}  // namespace

std::string compare_and_explain(WireComparison& comparison, std::vector<Words> lines) {
  std::size_t at = 0;
  std::string wrong = run_all(comparison, lines, &at);
  if (wrong.empty()) return {};
  lines.resize(std::min(at + 1, lines.size()));
  for (std::size_t piece = lines.size() / 2; piece != 0; piece /= 2) {
    for (std::size_t from = 0; from + piece < lines.size();) {
      std::vector<Words> fewer(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(from));
      fewer.insert(fewer.end(), lines.begin() + static_cast<std::ptrdiff_t>(from + piece), lines.end());
      const std::string still = run_all(comparison, fewer, &at);
      if (still.empty()) {
        from += piece;
      } else {
        lines = std::move(fewer);
        wrong = still;
      }
    }
  }
  std::string text = wrong + "\nafter\n";
  for (const Words& line : lines) text += "  " + printable_words(line) + "\n";
  return text;
}

}  // namespace larder::differential
