// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Command lines read back.
#include "model/command_parser.h"

#include <charconv>

namespace larder::model {
namespace {

using Words = std::vector<std::string>;

int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

// Reads a quoted text from `at` on, which stands on the first quote; leaves `at` behind the last one.
bool unquote(std::string_view line, std::size_t& at, std::string& word) {
  for (++at; at < line.size(); ++at) {
    if (line[at] == '"') {
      ++at;
      return true;
    }
    if (line[at] != '\\') {
      word += line[at];
    } else if (at + 3 < line.size() && line[at + 1] == 'x') {
      word += static_cast<char>(hex_digit(line[at + 2]) * 16 + hex_digit(line[at + 3]));
      at += 3;
    } else {
      word += line[++at];
    }
  }
  return false;
}

template <typename T>
bool to_number(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// `<1024 bytes of "ab">`
bool read_repeated(std::string_view line, std::size_t& at, std::string& word) {
  const std::size_t middle = line.find(" bytes of \"", at);
  std::size_t size = 0;
  std::string piece;
  if (middle == std::string_view::npos || !to_number(line.substr(at + 1, middle - at - 1), size)) return false;
  at = middle + 10;
  if (!unquote(line, at, piece) || piece.empty() || at >= line.size() || line[at++] != '>') return false;
  while (word.size() < size) word += piece;
  word.resize(size);
  return true;
}

// Takes the words of one command from the left.
class Parser {
 public:
  explicit Parser(const Words& words) : words_(words) {}

  std::optional<Command> parse() {
    if (words_.empty()) return std::nullopt;
    const std::string name = take();
    good_ = parse_strings(name) || parse_numbers(name) || parse_bits(name) || parse_keys(name) || parse_other(name);
    return good_ && at_ == words_.size() ? std::optional(command_) : std::nullopt;
  }

 private:
  bool more() const { return at_ < words_.size(); }
  std::string take() { return more() ? words_[at_++] : (short_ = true, std::string()); }
  bool take_if(std::string_view word) {
    if (!more() || words_[at_] != word) return false;
    ++at_;
    return true;
  }
  template <typename T>
  T number() {
    T value{};
    if (!to_number(take(), value)) short_ = true;
    return value;
  }
  void key() { command_.keys.push_back(take()); }
  void value() { command_.values.push_back(take()); }
  void slot() {
    const std::string word = take();
    if (word.size() < 5 || !to_number(std::string_view(word).substr(4), command_.first)) short_ = true;
  }
  // True, unless words were missing.
  bool is(Verb verb) {
    command_.verb = verb;
    return !short_;
  }
  bool only_key(Verb verb) {
    key();
    return is(verb);
  }
  bool all_keys(Verb verb) {
    do key();
    while (more());
    return is(verb);
  }

  void set_options(bool& get) {
    while (more()) {
      if (take_if("NX"))
        command_.set.condition = SetOptions::If::kAbsent;
      else if (take_if("XX"))
        command_.set.condition = SetOptions::If::kPresent;
      else if (take_if("PX"))
        command_.set.ttl = Milliseconds(number<std::int64_t>());
      else if (take_if("PXAT"))
        command_.set.expires_at = UnixTime(Milliseconds(number<std::int64_t>()));
      else if (take_if("KEEPTTL"))
        command_.set.keep_ttl = true;
      else if (take_if("GET"))
        get = true;
      else
        break;
    }
  }

  bool parse_strings(const std::string& name) {
    if (name == "GET") return only_key(Verb::kGet);
    if (name == "MGET") return all_keys(Verb::kMget);
    if (name == "STRLEN") return only_key(Verb::kStrlen);
    if (name == "GETDEL") return only_key(Verb::kGetDel);
    if (name == "GETRANGE") {
      key();
      command_.first = number<std::int64_t>();
      command_.second = number<std::int64_t>();
      return is(Verb::kGetRange);
    }
    if (name == "LCS") return parse_lcs();
    if (name == "SET") {
      bool get = false;
      key(), value(), set_options(get);
      return is(get ? Verb::kSetAndGet : Verb::kSet);
    }
    if (name == "GETEX") {
      key();
      if (take_if("PX")) command_.get_ex.ttl = Milliseconds(number<std::int64_t>());
      if (take_if("PXAT")) command_.get_ex.expires_at = UnixTime(Milliseconds(number<std::int64_t>()));
      command_.get_ex.persist = take_if("PERSIST");
      return is(Verb::kGetEx);
    }
    if (name == "MSET" || name == "MSETNX") {
      do key(), value();
      while (more());
      return is(name == "MSET" ? Verb::kMset : Verb::kMsetNx);
    }
    if (name != "GETSET" && name != "APPEND") return false;
    key(), value();
    return is(name == "GETSET" ? Verb::kGetSet : Verb::kAppend);
  }

  bool parse_lcs() {
    key(), key();
    if (take_if("IDX")) {
      command_.lcs.with_matches = true;
      take_if("MINMATCHLEN");
      command_.lcs.match_bytes_min = number<std::uint64_t>();
      take_if("WITHMATCHLEN");
    }
    return is(Verb::kLcs);
  }

  bool parse_numbers(const std::string& name) {
    if (name == "INCRBY" || name == "DECRBY") {
      key();
      command_.first = number<std::int64_t>();
      return is(name == "INCRBY" ? Verb::kIncrBy : Verb::kDecrBy);
    }
    if (name == "INCRBYFLOAT") {
      key();
      command_.text = take();
      return is(Verb::kIncrByFloat);
    }
    if (name == "GETVERSIONED") {
      key(), slot();
      return is(Verb::kGetVersioned);
    }
    if (name != "COMPAREANDSET") return false;
    bool get = false;
    key(), value(), set_options(get), slot();
    return is(Verb::kCompareAndSet);
  }

  void range() {
    if (!more()) return;
    command_.range.first = number<std::int64_t>();
    if (more()) command_.range.last = number<std::int64_t>();
    if (take_if("BIT")) command_.range.unit = BitRange::Unit::kBit;
  }

  bool step() {
    BitFieldStep step;
    if (take_if("OVERFLOW")) {
      const std::string how = take();
      step.overflow = how == "FAIL"  ? BitFieldStep::Overflow::kFail
                      : how == "SAT" ? BitFieldStep::Overflow::kSaturate
                                     : BitFieldStep::Overflow::kWrap;
    }
    const std::string action = take();
    step.action = action == "GET"   ? BitFieldStep::Action::kGet
                  : action == "SET" ? BitFieldStep::Action::kSet
                                    : BitFieldStep::Action::kIncrBy;
    const std::string type = take();
    unsigned width = 0;
    if (type.empty() || !to_number(std::string_view(type).substr(1), width)) return false;
    step.is_signed = type[0] == 'i';
    step.width = static_cast<std::uint8_t>(width);
    step.bit_offset = number<std::uint64_t>();
    if (step.action != BitFieldStep::Action::kGet) step.operand = number<std::int64_t>();
    command_.steps.push_back(step);
    return !short_;
  }

  bool parse_bits(const std::string& name) {
    if (name == "SETBIT" || name == "GETBIT") {
      key();
      command_.offset = number<std::uint64_t>();
      if (name == "SETBIT") command_.flag = number<int>() == 1;
      return is(name == "SETBIT" ? Verb::kSetBit : Verb::kGetBit);
    }
    if (name == "BITCOUNT" || name == "BITPOS") {
      key();
      if (name == "BITPOS") command_.flag = number<int>() == 1;
      range();
      return is(name == "BITPOS" ? Verb::kBitPos : Verb::kBitCount);
    }
    if (name == "BITOP") {
      const std::string operation = take();
      command_.operation = operation == "AND"   ? BitOperation::kAnd
                           : operation == "OR"  ? BitOperation::kOr
                           : operation == "XOR" ? BitOperation::kXor
                                                : BitOperation::kNot;
      return all_keys(Verb::kBitOp);
    }
    if (name != "BITFIELD") return false;
    key();
    while (more()) {
      if (!step()) return false;
    }
    return is(Verb::kBitField);
  }

  bool parse_expire(Verb verb) {
    key();
    command_.first = number<std::int64_t>();
    if (take_if("NX")) command_.expire_if = ExpireIf::kHasNone;
    if (take_if("XX")) command_.expire_if = ExpireIf::kHasOne;
    if (take_if("GT")) command_.expire_if = ExpireIf::kGreater;
    if (take_if("LT")) {
      const bool too = command_.expire_if == ExpireIf::kHasOne;
      command_.expire_if = too ? ExpireIf::kHasOneAndLess : ExpireIf::kLess;
    }
    return is(verb);
  }

  bool parse_keys(const std::string& name) {
    if (name == "SETRANGE") {
      key();
      command_.offset = number<std::uint64_t>();
      value();
      return is(Verb::kSetRange);
    }
    if (name == "DEL") return all_keys(Verb::kDel);
    if (name == "EXISTS") return all_keys(Verb::kExists);
    if (name == "TOUCH") return all_keys(Verb::kTouch);
    if (name == "TYPE") return only_key(Verb::kType);
    if (name == "PEXPIRE") return parse_expire(Verb::kExpire);
    if (name == "PEXPIREAT") return parse_expire(Verb::kExpireAt);
    if (name == "PERSIST") return only_key(Verb::kPersist);
    if (name == "PTTL") return only_key(Verb::kTtl);
    if (name == "PEXPIRETIME") return only_key(Verb::kExpireTime);
    if (name != "RENAME" && name != "RENAMENX" && name != "COPY") return false;
    key(), key();
    command_.flag = name == "COPY" && take_if("REPLACE");
    return is(name == "RENAME" ? Verb::kRename : name == "COPY" ? Verb::kCopy : Verb::kRenameNx);
  }

  bool parse_other(const std::string& name) {
    if (name == "RANDOMKEY") return is(Verb::kRandomKey);
    if (name == "FOREACH") return is(Verb::kForEach);
    if (name == "DBSIZE") return is(Verb::kDbsize);
    if (name == "FLUSHALL") return is(Verb::kClear);
    if (name == "INVALIDATE") return only_key(Verb::kInvalidate);
    if (name == "SCAN") {
      take_if("0");
      if (take_if("MATCH")) command_.text = take();
      command_.second = take_if("COUNT") ? number<std::int64_t>() : 10;
      return is(Verb::kScan);
    }
    if (name == "SCANSTEP") {
      slot();
      take_if("COUNT");
      command_.second = number<std::int64_t>();
      return is(Verb::kScanStep);
    }
    if (name == "HOLD") {
      key(), slot();
      return is(Verb::kHold);
    }
    if (name == "KEYS" || name == "INVALIDATEPREFIX" || name == "SETEVICTION") {
      command_.text = take();
      return is(name == "KEYS" ? Verb::kKeys : name == "SETEVICTION" ? Verb::kSetEviction : Verb::kInvalidatePrefix);
    }
    const Verb verb = name == "ADVANCE" ? Verb::kAdvance
                      : name == "TICK"  ? Verb::kTick
                      : name == "LETGO" ? Verb::kLetGo
                                        : Verb::kSetMaxMemory;
    if (verb == Verb::kSetMaxMemory && name != "SETMAXMEMORY") return false;
    command_.first = number<std::int64_t>();
    return is(verb);
  }

  const Words& words_;
  std::size_t at_ = 0;
  bool short_ = false;
  bool good_ = false;
  Command command_;
};

How how_from(std::string_view comment) {
  if (comment == "into") return How::kInto;
  if (comment == "pin") return How::kPin;
  if (comment == "by function") return How::kRead;
  if (comment == "peek") return How::kPeek;
  return comment == "short" ? How::kShort : How::kPlain;
}

}  // namespace

std::optional<std::vector<std::string>> split_line(std::string_view line) {
  Words words;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
    std::string word;
    if (line[at] == '"') {
      if (!unquote(line, at, word)) return std::nullopt;
    } else if (line[at] == '<') {
      if (!read_repeated(line, at, word)) return std::nullopt;
    } else {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      word = line.substr(at, end - at);
      at = end;
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::optional<Command> parse(const std::vector<std::string>& words) { return Parser(words).parse(); }

std::optional<Command> parse(std::string_view line) {
  std::string_view comment;
  if (const std::size_t mark = line.find("  # "); mark != std::string_view::npos) {
    comment = line.substr(mark + 4);
    line = line.substr(0, mark);
  }
  const auto words = split_line(line);
  auto command = words ? parse(*words) : std::nullopt;
  if (command) command->how = how_from(comment);
  return command;
}

}  // namespace larder::model
