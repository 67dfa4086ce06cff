// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands in Redis's words.
#include "model/command.h"

#include <array>

#include "model/answer.h"

namespace larder::model {
namespace {

using Words = std::vector<std::string>;

struct VerbWords {
  const char* name;
  bool writes;
};
// In the order of Verb.
constexpr std::array<VerbWords, kVerbs> kVerbWords = {{
    {"GET", false},          {"MGET", false},       {"STRLEN", false},
    {"GETRANGE", false},     {"LCS", false},        {"SET", true},
    {"SET", true},           {"GETSET", true},      {"GETDEL", true},
    {"GETEX", true},         {"MSET", true},        {"MSETNX", true},
    {"APPEND", true},        {"SETRANGE", true},    {"INCRBY", true},
    {"DECRBY", true},        {"INCRBYFLOAT", true}, {"GETVERSIONED", false},
    {"COMPAREANDSET", true}, {"SETBIT", true},      {"GETBIT", false},
    {"BITCOUNT", false},     {"BITPOS", false},     {"BITOP", true},
    {"BITFIELD", true},      {"DEL", true},         {"EXISTS", false},
    {"TOUCH", false},        {"TYPE", false},       {"PEXPIRE", true},
    {"PEXPIREAT", true},     {"PERSIST", true},     {"PTTL", false},
    {"PEXPIRETIME", false},  {"RENAME", true},      {"RENAMENX", true},
    {"COPY", true},          {"RANDOMKEY", false},  {"SCAN", false},
    {"SCANSTEP", false},     {"KEYS", false},       {"FOREACH", false},
    {"DBSIZE", false},       {"INVALIDATE", true},  {"INVALIDATEPREFIX", true},
    {"FLUSHALL", true},      {"ADVANCE", false},    {"TICK", false},
    {"HOLD", false},         {"LETGO", false},      {"SETMAXMEMORY", false},
    {"SETEVICTION", false},
}};

const VerbWords& words_for(Verb verb) { return kVerbWords[static_cast<std::size_t>(verb)]; }

std::string ms_text(Milliseconds ms) { return std::to_string(ms.count()); }
std::string ms_text(UnixTime time) { return std::to_string(time.time_since_epoch().count()); }

std::string slot_word(const Command& command) { return std::string("slot").append(std::to_string(command.first)); }

void add_set_options(const SetOptions& options, Words& words) {
  if (options.condition == SetOptions::If::kAbsent) words.emplace_back("NX");
  if (options.condition == SetOptions::If::kPresent) words.emplace_back("XX");
  if (options.ttl) words.insert(words.end(), {"PX", ms_text(*options.ttl)});
  if (options.expires_at) words.insert(words.end(), {"PXAT", ms_text(*options.expires_at)});
  if (options.keep_ttl) words.emplace_back("KEEPTTL");
}

void add_get_ex_options(const GetExOptions& options, Words& words) {
  if (options.ttl) words.insert(words.end(), {"PX", ms_text(*options.ttl)});
  if (options.expires_at) words.insert(words.end(), {"PXAT", ms_text(*options.expires_at)});
  if (options.persist) words.emplace_back("PERSIST");
}

void add_expire_if(ExpireIf when, Words& words) {
  switch (when) {
    case ExpireIf::kAlways: return;
    case ExpireIf::kHasNone: words.emplace_back("NX"); return;
    case ExpireIf::kHasOne: words.emplace_back("XX"); return;
    case ExpireIf::kGreater: words.emplace_back("GT"); return;
    case ExpireIf::kLess: words.emplace_back("LT"); return;
    case ExpireIf::kHasOneAndLess: words.insert(words.end(), {"XX", "LT"}); return;
  }
}

// BITCOUNT wants both ends or none, BITPOS may leave out the last, and both want two ends before a unit.
void add_range(const BitRange& range, bool last_may_be_absent, Words& words) {
  const bool bits = range.unit == BitRange::Unit::kBit;
  if (range.first == 0 && !range.last && !bits) return;
  words.push_back(std::to_string(range.first));
  if (range.last || bits || !last_may_be_absent) words.push_back(std::to_string(range.last.value_or(-1)));
  if (bits) words.emplace_back("BIT");
}

void add_step(const BitFieldStep& step, Words& words) {
  using Action = BitFieldStep::Action;
  using Overflow = BitFieldStep::Overflow;
  if (step.action != Action::kGet) {
    const char* overflow = step.overflow == Overflow::kWrap   ? "WRAP"
                           : step.overflow == Overflow::kFail ? "FAIL"
                                                              : "SAT";
    words.insert(words.end(), {"OVERFLOW", overflow});
  }
  words.emplace_back(step.action == Action::kGet ? "GET" : step.action == Action::kSet ? "SET" : "INCRBY");
  words.push_back(std::string(step.is_signed ? "i" : "u").append(std::to_string(step.width)));
  words.push_back(std::to_string(step.bit_offset));
  if (step.action != Action::kGet) words.push_back(std::to_string(step.operand));
}

void add_pairs(const Command& command, Words& words) {
  for (std::size_t i = 0; i < command.keys.size(); ++i) {
    words.push_back(command.keys[i]);
    words.push_back(command.values[i]);
  }
}

// The words behind the name of a command on strings; false if it is none.
bool add_string_words(const Command& command, Words& words) {
  switch (command.verb) {
    case Verb::kMset:
    case Verb::kMsetNx: add_pairs(command, words); return true;
    case Verb::kLcs:
      words.insert(words.end(), command.keys.begin(), command.keys.end());
      if (!command.lcs.with_matches) return true;
      words.insert(words.end(), {"IDX", "MINMATCHLEN", std::to_string(command.lcs.match_bytes_min), "WITHMATCHLEN"});
      return true;
    case Verb::kCompareAndSet:
    case Verb::kSet:
    case Verb::kSetAndGet:
      words.insert(words.end(), {command.key(), command.value()});
      add_set_options(command.set, words);
      if (command.verb == Verb::kSetAndGet) words.emplace_back("GET");
      if (command.verb == Verb::kCompareAndSet) words.push_back(slot_word(command));
      return true;
    case Verb::kGetEx:
      words.push_back(command.key());
      add_get_ex_options(command.get_ex, words);
      return true;
    case Verb::kGetRange:
      words.insert(words.end(), {command.key(), std::to_string(command.first), std::to_string(command.second)});
      return true;
    case Verb::kGetSet:
    case Verb::kAppend: words.insert(words.end(), {command.key(), command.value()}); return true;
    case Verb::kSetRange:
      words.insert(words.end(), {command.key(), std::to_string(command.offset), command.value()});
      return true;
    case Verb::kIncrBy:
    case Verb::kDecrBy: words.insert(words.end(), {command.key(), std::to_string(command.first)}); return true;
    case Verb::kIncrByFloat: words.insert(words.end(), {command.key(), command.text}); return true;
    case Verb::kGetVersioned: words.insert(words.end(), {command.key(), slot_word(command)}); return true;
    default: return false;
  }
}

bool add_bit_words(const Command& command, Words& words) {
  switch (command.verb) {
    case Verb::kSetBit:
      words.insert(words.end(), {command.key(), std::to_string(command.offset), command.flag ? "1" : "0"});
      return true;
    case Verb::kGetBit: words.insert(words.end(), {command.key(), std::to_string(command.offset)}); return true;
    case Verb::kBitCount:
      words.push_back(command.key());
      add_range(command.range, false, words);
      return true;
    case Verb::kBitPos:
      words.insert(words.end(), {command.key(), command.flag ? "1" : "0"});
      add_range(command.range, true, words);
      return true;
    case Verb::kBitOp: {
      constexpr std::array<const char*, 4> kNames = {"AND", "OR", "XOR", "NOT"};
      words.emplace_back(kNames[static_cast<std::size_t>(command.operation)]);
      words.insert(words.end(), command.keys.begin(), command.keys.end());
      return true;
    }
    case Verb::kBitField:
      words.push_back(command.key());
      for (const BitFieldStep& step : command.steps) add_step(step, words);
      return true;
    default: return false;
  }
}

bool add_key_words(const Command& command, Words& words) {
  switch (command.verb) {
    case Verb::kExpire:
    case Verb::kExpireAt:
      words.insert(words.end(), {command.key(), std::to_string(command.first)});
      add_expire_if(command.expire_if, words);
      return true;
    case Verb::kCopy:
      words.insert(words.end(), command.keys.begin(), command.keys.end());
      if (command.flag) words.emplace_back("REPLACE");
      return true;
    case Verb::kScan:
      words.emplace_back("0");
      if (!command.text.empty()) words.insert(words.end(), {"MATCH", command.text});
      words.insert(words.end(), {"COUNT", std::to_string(command.second)});
      return true;
    case Verb::kScanStep:
      words.push_back(slot_word(command));
      words.insert(words.end(), {"COUNT", std::to_string(command.second)});
      return true;
    case Verb::kKeys:
    case Verb::kInvalidatePrefix:
    case Verb::kSetEviction: words.push_back(command.text); return true;
    case Verb::kHold: words.insert(words.end(), {command.key(), slot_word(command)}); return true;
    case Verb::kAdvance:
    case Verb::kTick:
    case Verb::kLetGo:
    case Verb::kSetMaxMemory: words.push_back(std::to_string(command.first)); return true;
    default: return false;
  }
}

}  // namespace

bool writes(Verb verb) { return words_for(verb).writes; }

std::vector<std::string> words_of(const Command& command) {
  Words words = {words_for(command.verb).name};
  if (add_string_words(command, words) || add_bit_words(command, words) || add_key_words(command, words)) return words;
  words.insert(words.end(), command.keys.begin(), command.keys.end());
  return words;
}

std::string printable(const Command& command) {
  const Words words = words_of(command);
  std::string line;
  for (const std::string& word : words) {
    const bool plain = !word.empty() && word.size() < 60 &&
                       word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:+") ==
                           std::string::npos;
    if (!line.empty()) line += ' ';
    line += plain ? word : printable(word);
  }
  constexpr std::array<const char*, 6> kHow = {"", "  # into", "  # pin", "  # by function", "  # peek", "  # short"};
  return line + kHow[static_cast<std::size_t>(command.how)];
}

}  // namespace larder::model
