// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "differential/wire_comparison.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <set>
#include <utility>

#include "differential/collection_lines.h"
#include "endpoint/command_table.h"
#include "model/answer.h"

namespace larder::differential {
namespace {

using servers::WireClient;

constexpr std::int64_t kToleranceMs = 60'000;

std::string upper(std::string word) {
  for (char& c : word) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return word;
}

Options cache_options(const Behind& behind) {
  if (behind.store != nullptr) return behind.options;
  Options options;
  options.max_memory = 0;
  options.shards = 4;
  options.seed = 1;
  return options;
}

std::int64_t number_after(std::string_view reply) {
  return std::strtoll(std::string(reply.substr(1, reply.find("\r\n") - 1)).c_str(), nullptr, 10);
}

// Where the first reply in it ends.
std::size_t end_of(std::string_view reply) {
  std::size_t end = reply.find("\r\n") + 2;
  const std::int64_t count = number_after(reply);
  if (count < 0) return end;
  switch (reply[0]) {
    case '$':
    case '=': return end + static_cast<std::size_t>(count) + 2;
    case '*':
    case '~':
    case '>':
    case '%':
      for (std::int64_t i = 0; i < (reply[0] == '%' ? 2 * count : count); ++i) end += end_of(reply.substr(end));
      return end;
    default: return end;
  }
}

// What an array, a set or a map is of, so many at a time.
std::vector<std::string> parts_of(std::string_view reply, std::size_t at_a_time) {
  std::vector<std::string> parts;
  std::size_t at = reply.find("\r\n") + 2;
  for (std::size_t i = 0; at < reply.size(); ++i) {
    const std::size_t size = end_of(reply.substr(at));
    if (i % at_a_time == 0) parts.emplace_back();
    parts.back() += reply.substr(at, size);
    at += size;
  }
  return parts;
}

// Whether two replies are the same but for the order of what they are of.
bool same_in_any_order(std::string_view a, std::string_view b, std::size_t at_a_time) {
  if (a.substr(0, a.find('\n')) != b.substr(0, b.find('\n')) || a[0] == '-') return false;
  std::vector<std::string> one = parts_of(a, at_a_time);
  std::vector<std::string> other = parts_of(b, at_a_time);
  std::sort(one.begin(), one.end());
  std::sort(other.begin(), other.end());
  return one == other;
}

// The bulk strings in a reply.
std::vector<std::string> texts_in(std::string_view reply) {
  std::vector<std::string> texts;
  while (!reply.empty()) {
    const std::size_t end = reply.find("\r\n");
    const bool text = reply[0] == '$' && reply[1] != '-';  // a null is none
    const auto size = static_cast<std::size_t>(std::strtoll(std::string(reply.substr(1, end)).c_str(), nullptr, 10));
    reply.remove_prefix(end + 2);
    if (!text) continue;
    texts.emplace_back(reply.substr(0, size));
    reply.remove_prefix(size + 2);
  }
  return texts;
}

// A score, in the one text that all texts of it become; what is none stays as it is.
std::string score_text(const std::string& text) {
  char* end = nullptr;
  const double score = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || text.find('\0') != std::string::npos) return text;
  return std::to_string(std::bit_cast<std::uint64_t>(score == 0 ? 0.0 : score));  // -0 is 0
}

// The reply with its scores in that text: every double, and in RESP2 every text, or every other, if they are pairs,
// perhaps behind a key.
std::string with_score_texts(std::string_view reply, bool pairs, bool has_key) {
  std::string all;
  bool is_score = !pairs;
  while (!reply.empty()) {
    const std::size_t end = reply.find("\r\n");
    const std::string first(reply.substr(1, end - 1));
    const char kind = reply[0];
    reply.remove_prefix(end + 2);
    all += kind;
    if (kind == ',') {
      all += score_text(first) + "\n";
    } else if (kind == '$' && first != "-1") {
      const auto size = static_cast<std::size_t>(std::strtoll(first.c_str(), nullptr, 10));
      const std::string text(reply.substr(0, size));
      all += is_score ? score_text(text) : text;
      all += '\n';
      reply.remove_prefix(size + 2);
      if (pairs && !has_key) is_score = !is_score;
      has_key = false;
    } else {
      all += first + "\n";
    }
  }
  return all;
}

// Redis writes scores with 17 digits, Larder with as many as they need: they are the same numbers.
bool same_scores(const std::string& name, const std::string& a, const std::string& b) {
  static const std::set<std::string> kScoresAlone = {"ZADD", "ZINCRBY", "ZSCORE", "ZMSCORE"};
  if (name[0] != 'Z' || a[0] == '-' || b[0] == '-') return false;
  const bool pairs = !kScoresAlone.contains(name);
  const bool has_key = name == "ZMPOP";
  return with_score_texts(a, pairs, has_key) == with_score_texts(b, pairs, has_key);
}

// What a walk over a key that is not there finds.
constexpr std::string_view kNothingThere = "*2\r\n$1\r\n0\r\n*0\r\n";

// Whether Redis has answered for the keys of a command whose options it had not yet looked at, where Larder finds that
// the options make no sense.
bool keys_came_first(const std::string& name, const std::string& redis) {
  static const std::set<std::string> kCombining = {"ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD"};
  const bool walks = name == "HSCAN" || name == "SSCAN" || name == "ZSCAN";
  if (walks && redis == kNothingThere) return true;
  return (walks || kCombining.contains(name)) && redis.starts_with("-WRONGTYPE");
}

// All that a walk with SCAN finds; `failure` is the reply that was an error.
std::set<std::string> scan_all(WireClient& client, Words words, std::string* failure) {
  std::set<std::string> keys;
  const bool of_a_key = upper(words[0]) != "SCAN";
  const bool in_pairs = of_a_key && upper(words[0]) != "SSCAN";
  const bool scores = upper(words[0]) == "ZSCAN";
  std::string& cursor = words[of_a_key ? 2 : 1];
  do {
    const std::string page = client.call(words);
    if (!page.starts_with("*2\r\n")) {
      *failure = page;
      return keys;
    }
    const std::vector<std::string> texts = texts_in(page);
    cursor = texts.at(0);
    for (std::size_t i = 1; i < texts.size(); ++i) {
      const std::string second = in_pairs && i + 1 < texts.size() ? texts[i + 1] : "";
      keys.insert(in_pairs ? texts[i] + " " + (scores ? score_text(second) : second) : texts[i]);
      i += in_pairs;
    }
  } while (cursor != "0");
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

WireComparison::WireComparison(int protocol, Behind behind)
    : behind_(std::move(behind)), cache_(cache_options(behind_)) {
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
  other_redis_.emplace(server.socket_path());
  other_larder_.emplace(options.unix_socket);
  for (WireClient* client : {&*redis_, &*larder_, &*other_redis_, &*other_larder_})
    client->call({"HELLO", std::to_string(protocol)});
}

void WireComparison::clear() {
  if (behind_.store != nullptr) {
    behind_.store->fail_no_writes();
    (void)cache_.flush(std::chrono::seconds(60));
    behind_.store->clear();
  }
  for (WireClient* client : {&*redis_, &*larder_}) {
    for (const char* word : {"DISCARD", "UNWATCH", "FLUSHALL"}) client->call({word});
  }
}

std::string WireComparison::differ(const Words& words, const std::string& redis, const std::string& larder) const {
  return printable_words(words) + "\n  Redis:  " + model::printable(redis) + "\n  Larder: " + model::printable(larder);
}

std::string WireComparison::walk(const Words& words) {
  std::string redis_failure;
  std::string larder_failure;
  const std::set<std::string> redis = scan_all(*redis_, words, &redis_failure);
  const std::set<std::string> larder = scan_all(*larder_, words, &larder_failure);
  const std::string reply = redis_failure.empty() && redis.empty() ? std::string(kNothingThere) : redis_failure;
  if (!larder_failure.empty() && keys_came_first(upper(words[0]), reply)) return {};
  if (redis_failure != larder_failure) return differ(words, redis_failure, larder_failure);
  return without_empty(redis) == without_empty(larder) ? "" : printable_words(words) + ": other keys";
}

// Each pops others: what Larder has popped is taken from Redis, too.
std::string WireComparison::pop_random(const Words& words) {
  const std::string size = redis_->call({"SCARD", words[1]});
  const std::string larder = larder_->call(words);
  Words removal = texts_in(larder);
  if (larder[0] == '-' || removal.empty()) {
    const std::string redis = redis_->call(words);
    return redis == larder ? "" : differ(words, redis, larder);
  }
  const std::int64_t wanted = words.size() > 2 ? std::strtoll(words[2].c_str(), nullptr, 10) : 1;
  const std::int64_t popped = std::min(wanted, number_after(size));
  removal.insert(removal.begin(), {"SREM", words[1]});
  const std::string redis = redis_->call(removal);
  if (redis != ":" + std::to_string(popped) + "\r\n") return differ(words, "to remove them: " + redis, larder);
  return {};
}

// Redis counts a key that was set to end in the past until somebody looks at it.
void WireComparison::let_past_ends_pass(const Words& words) {
  const std::string name = words.empty() ? "" : upper(words[0]);
  if (name == "SET" || name == "GETEX") other_redis_->call({"EXISTS", words.size() > 1 ? words[1] : ""});
}

// What EXEC has answered: as if each command had been run alone.
std::string WireComparison::compare_transactions(const std::string& redis, const std::string& larder) {
  const std::vector<Words> queued = std::exchange(queued_, {});
  if (redis[0] != '*' || larder[0] != '*' || number_after(redis) < 0 || number_after(redis) != number_after(larder)) {
    return redis == larder ? "" : differ({"EXEC"}, redis, larder);
  }
  const std::vector<std::string> one = parts_of(redis, 1);
  const std::vector<std::string> other = parts_of(larder, 1);
  for (std::size_t i = 0; i < queued.size(); ++i) {
    let_past_ends_pass(queued[i]);
    if (std::string wrong = compare(queued[i], one.at(i), other.at(i)); !wrong.empty()) return "in EXEC: " + wrong;
  }
  return {};
}

std::string WireComparison::step(const Words& line) {
  const bool by_another = !line.empty() && line[0] == kByAnotherClient;
  const Words words(line.begin() + by_another, line.end());
  const std::string name = words.empty() ? "" : upper(words[0]);
  behind_.before_step(cache_);
  if (name == "OBJECT" && behind_.store != nullptr) return {};
  if (name == "SCAN" && words.size() > 1 && words[1] == "0") return walk(words);
  if ((name == "HSCAN" || name == "SSCAN" || name == "ZSCAN") && words.size() > 2 && words[2] == "0") {
    return walk(words);
  }
  if (name == "SPOP" && words.size() > 1) return pop_random(words);
  const std::string redis = (by_another ? other_redis_ : redis_)->call(words);
  const std::string larder = (by_another ? other_larder_ : larder_)->call(words);
  if (name == "EXEC") return compare_transactions(redis, larder);
  if (name == "DISCARD") queued_.clear();
  if (redis == "+QUEUED\r\n") {
    queued_.push_back(words);
  } else {
    let_past_ends_pass(words);
  }
  return compare(words, redis, larder);
}

std::string WireComparison::compare(const Words& words, const std::string& redis, const std::string& larder) const {
  if (redis == larder) return {};
  const std::string name = words.empty() ? "" : upper(words[0]);
  static const std::set<std::string> kUnordered = {"HKEYS", "HVALS", "SMEMBERS", "SUNION", "SINTER", "SDIFF"};
  if (kUnordered.contains(name) && same_in_any_order(redis, larder, 1)) return {};
  if (name == "HGETALL" && same_in_any_order(redis, larder, 2)) return {};
  const bool is_random = name == "HRANDFIELD" || name == "SRANDMEMBER" || name == "ZRANDMEMBER";
  if (is_random && redis[0] == larder[0] && redis[0] != '-') {
    if (redis[0] == '$' || number_after(redis) == number_after(larder)) return {};
  }
  if (!name.empty() && same_scores(name, redis, larder)) return {};
  if (larder[0] == '-' && keys_came_first(name, redis)) return {};
  // Redis says so of what was appended to, Larder of what is long.
  const bool raw = redis == "$3\r\nraw\r\n" && (larder == "$6\r\nembstr\r\n" || larder == "$3\r\nint\r\n");
  if (name == "OBJECT" && raw) return {};
  if (is_time(name) && near(redis, larder, name[0] == 'P' ? kToleranceMs : kToleranceMs / 1000)) return {};
  // Redis's strings remember how they came about.
  static const std::set<std::string> kStringEncodings = {"$3\r\nint\r\n", "$6\r\nembstr\r\n", "$3\r\nraw\r\n"};
  if (name == "OBJECT" && kStringEncodings.contains(redis) && kStringEncodings.contains(larder)) return {};
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
  std::string wrong;
  std::vector<std::string> keys = texts_in(larder_->call({"KEYS", "*"}));
  if (behind_.store == nullptr) {
    wrong = step({"SCAN", "0", "COUNT", "100"});
    if (wrong.empty()) wrong = step({"DBSIZE"});
  } else {  // what is not resident, and what should not be there
    behind_.store->fail_no_writes();
    if (!cache_.flush(std::chrono::seconds(60)).complete()) return "the store does not have it all";
    keys = texts_in(redis_->call({"KEYS", "*"}));
    for (const auto& [key, value] : behind_.store->rows()) keys.push_back(key);
    cache_.clear();
  }
  for (const std::string& key : keys) {
    if (wrong.empty()) wrong = check_key(key);
  }
  return wrong.empty() && !cache_.check_invariants().ok() ? cache_.check_invariants().to_string() : wrong;
}

std::string WireComparison::check_key(const std::string& key) {
  std::string wrong;
  for (const Words& words : std::vector<Words>{{"TYPE", key},
                                               {"PTTL", key},
                                               {"OBJECT", "ENCODING", key},
                                               {"GET", key},
                                               {"HGETALL", key},
                                               {"LRANGE", key, "0", "-1"},
                                               {"SMEMBERS", key},
                                               {"ZRANGE", key, "0", "-1", "WITHSCORES"}}) {
    if (wrong.empty() && endpoint::CommandTable::instance().find(words[0]) != nullptr) wrong = step(words);
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
