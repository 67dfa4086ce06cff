// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "fuzz/requests_target.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "endpoint/command_table.h"
#include "endpoint/request_parser.h"
#include "endpoint/service.h"

namespace larder::fuzz {
namespace {

using endpoint::RequestParser;
using Words = std::vector<std::string>;

struct Parsed {
  std::vector<Words> requests = {};
  std::string error = {};
  bool operator==(const Parsed&) const = default;
};

// Shows it the bytes in pieces whose sizes `piece` gives. What is wrong with the parser itself goes to `wrong`.
template <typename Piece>
Parsed parse(std::string_view bytes, const RequestParser::Limits& limits, Piece&& piece, std::string* wrong) {
  RequestParser parser;
  Parsed parsed;
  std::size_t from = 0;
  for (std::size_t to = 0; to < bytes.size();) {
    to = std::min(bytes.size(), to + piece());
    for (;;) {
      const std::string_view shown = bytes.substr(from, to - from);
      const RequestParser::Step step = parser.next(shown, limits);
      if (parser.memory() > 64 * shown.size() + 100'000) *wrong = "memory for what has not come";
      if (step == RequestParser::Step::kMore) break;
      if (step == RequestParser::Step::kBroken) {
        parsed.error = parser.error();
        return parsed;
      }
      if (parser.size() == 0 || parser.size() > shown.size()) *wrong = "a request of a wrong size";
      for (const std::string_view argument : parser.arguments()) {
        if (argument.size() > std::max<std::size_t>(limits.bulk_bytes_max, RequestParser::kLineBytesMax))
          *wrong = "an argument beyond the limit";
      }
      parsed.requests.emplace_back(parser.arguments().begin(), parser.arguments().end());
      from += parser.size();
    }
  }
  return parsed;
}

// Passes one reply. False: it cannot be read.
bool pass_reply(std::string_view& bytes, int depth = 0) {
  const std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos || end == 0 || depth > 16) return false;
  const char kind = bytes[0];
  std::int64_t count = 0;
  std::from_chars(bytes.data() + 1, bytes.data() + end, count);
  bytes.remove_prefix(end + 2);
  switch (kind) {
    case '+':
    case '-':
    case ':':
    case '_':
    case ',':
    case '#': return true;
    case '$':
    case '=':
      if (count < 0) return true;
      if (bytes.size() < static_cast<std::size_t>(count) + 2) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
      if (!bytes.starts_with("\r\n")) return false;
      bytes.remove_prefix(2);
      return true;
    case '%': count *= 2; [[fallthrough]];
    case '*':
    case '~':
      for (std::int64_t i = 0; i < count; ++i) {
        if (!pass_reply(bytes, depth + 1)) return false;
      }
      return true;
    default: return false;
  }
}

// Words that commands are made of: their names, and what may follow.
const std::vector<std::string>& dictionary() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all = {
        "",      "k",     "l",    "m",      "0",       "1",       "-1",          "7",       "100",  "99999",   "*",
        "?",     "value", "12",   "1.5",    "abc",     "u8",      "i64",         "#3",      "+inf", "NX",      "XX",
        "GET",   "EX",    "PX",   "EXAT",   "PXAT",    "KEEPTTL", "PERSIST",     "GT",      "LT",   "REPLACE", "DB",
        "MATCH", "COUNT", "TYPE", "string", "LEN",     "IDX",     "MINMATCHLEN", "BIT",     "BYTE", "AND",     "NOT",
        "XOR",   "SET",   "FAIL", "SAT",    "INCRBY",  "SAMPLES", "AUTH",        "SETNAME", "ON",   "OFF",     "ID",
        "ADDR",  "HELP",  "2",    "3",      "default", "all",     "WRAP",        "OVERFLOW"};
    all.emplace_back("bin\0\r\n\xff", 6);
    all.emplace_back(std::to_string(INT64_MAX));
    all.emplace_back(std::to_string(INT64_MIN));
    for (const auto& place : endpoint::CommandTable::instance().commands()) {
      all.push_back(place.full_name);
      for (const auto& sub : place.subcommands) all.emplace_back(sub.command->name);
    }
    return all;
  }();
  return words;
}

std::uint64_t no_time() { return 0; }

}  // namespace

std::string run_requests(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 2) return {};
  RequestParser::Limits limits;
  if (bytes[0] % 2 == 1) limits = {.bulk_bytes_max = 64, .arguments_max = 10, .authenticated = false};
  std::uint32_t state = bytes[1] + 1u;
  const auto some = [&state] {
    state = state * 1'664'525 + 1'013'904'223;
    return std::size_t{1} + (state >> 24) % 17;
  };
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 2, bytes.size() - 2);
  std::string wrong;
  const Parsed whole = parse(
      text, limits, [&] { return text.size(); }, &wrong);
  const Parsed in_pieces = parse(text, limits, some, &wrong);
  if (!wrong.empty()) return wrong;
  return whole == in_pieces ? "" : "what was found depends on how the bytes came";
}

std::string run_replies(std::span<const std::uint8_t> bytes) {
  Cache cache({.max_memory = 1_MiB, .shards = 1, .seed = 1});
  EndpointOptions options;
  options.port = 0;
  options.read_only = false;
  options.reads = EndpointOptions::Reads::kMark;
  endpoint::Service service(cache, options, 0);
  endpoint::Session session;
  service.sessions().emplace(session.id, &session);
  const std::vector<std::string>& words = dictionary();
  std::vector<std::string_view> arguments;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const std::size_t word = bytes[i] * 256u + bytes[i + 1];
    if (bytes[i] != 0xff && arguments.size() < 12) {
      arguments.push_back(words[word % words.size()]);
      continue;
    }
    if (arguments.empty()) continue;
    endpoint::Output output;
    endpoint::ReplyWriter reply(output, session.protocol);
    service.answer(session, arguments, reply, no_time);
    const std::string said = output.str();
    std::string_view left = said;
    if (!pass_reply(left) || !left.empty()) {
      std::string line;
      for (const std::string_view argument : arguments) line += " " + std::string(argument);
      return "not one reply to" + line + ": " + said;
    }
    arguments.clear();
    session.end = endpoint::Session::End::kNot;
  }
  const Status well = cache.check_invariants();
  return well.ok() ? "" : well.to_string();
}

}  // namespace larder::fuzz
