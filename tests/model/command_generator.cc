// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random commands.
#include "model/command_generator.h"

#include <algorithm>
#include <limits>

#include "larder/options.h"

namespace larder::model {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kYearMs = 31'557'600'000;
constexpr std::int64_t kAdvanceTotalMaxMs = 100 * kYearMs;  // the clock counts nanoseconds in 64 bits
constexpr std::int64_t kSlots = 4;

struct Weight {
  Verb verb;
  unsigned weight;
};
// What Redis has, too.
constexpr Weight kWeights[] = {
    {Verb::kGet, 10},        {Verb::kMget, 4},         {Verb::kStrlen, 3},    {Verb::kGetRange, 5},
    {Verb::kLcs, 2},         {Verb::kSet, 14},         {Verb::kSetAndGet, 5}, {Verb::kGetSet, 3},
    {Verb::kGetDel, 2},      {Verb::kGetEx, 5},        {Verb::kMset, 4},      {Verb::kMsetNx, 3},
    {Verb::kAppend, 7},      {Verb::kSetRange, 6},     {Verb::kIncrBy, 8},    {Verb::kDecrBy, 4},
    {Verb::kIncrByFloat, 6}, {Verb::kGetVersioned, 4}, {Verb::kSetBit, 5},    {Verb::kGetBit, 3},
    {Verb::kBitCount, 4},    {Verb::kBitPos, 5},       {Verb::kBitOp, 5},     {Verb::kBitField, 7},
    {Verb::kDel, 4},         {Verb::kExists, 3},       {Verb::kTouch, 2},     {Verb::kType, 2},
    {Verb::kExpire, 8},      {Verb::kExpireAt, 5},     {Verb::kPersist, 3},   {Verb::kTtl, 4},
    {Verb::kExpireTime, 3},  {Verb::kRename, 4},       {Verb::kRenameNx, 3},  {Verb::kCopy, 4},
    {Verb::kRandomKey, 2},   {Verb::kScan, 2},         {Verb::kKeys, 3},      {Verb::kDbsize, 2},
    {Verb::kClear, 1},       {Verb::kCompareAndSet, 7}};
constexpr Weight kLarderOnly[] = {{Verb::kAdvance, 14}, {Verb::kTick, 3},       {Verb::kForEach, 1},
                                  {Verb::kScanStep, 4}, {Verb::kInvalidate, 2}, {Verb::kInvalidatePrefix, 1}};
constexpr Weight kIdle[] = {{Verb::kGet, 20},     {Verb::kSet, 10},    {Verb::kAppend, 4}, {Verb::kStrlen, 3},
                            {Verb::kExists, 4},   {Verb::kTouch, 4},   {Verb::kType, 2},   {Verb::kTtl, 4},
                            {Verb::kAdvance, 25}, {Verb::kTick, 3},    {Verb::kDbsize, 2}, {Verb::kDel, 2},
                            {Verb::kExpire, 6},   {Verb::kPersist, 2}, {Verb::kKeys, 1}};
constexpr Weight kHolds[] = {{Verb::kHold, 4}, {Verb::kLetGo, 4}};
constexpr Weight kLimits[] = {{Verb::kSetMaxMemory, 1}, {Verb::kSetEviction, 1}};

template <std::size_t kCount>
void deal(const Weight (&weights)[kCount], std::vector<Verb>& deck) {
  for (const auto& [verb, weight] : weights) deck.insert(deck.end(), weight, verb);
}

std::string repeated(std::string_view piece, std::size_t size) {
  std::string text;
  while (text.size() < size) text += piece;
  text.resize(size);
  return text;
}

}  // namespace

CommandGenerator::CommandGenerator(Choices& choices, const Profile& profile) : choices_(choices), profile_(profile) {
  if (profile.idle) {
    deal(kIdle, deck_);
  } else if (profile.stored) {
    deal(kWeights, deck_);
    constexpr Verb of_residents[] = {Verb::kGetVersioned, Verb::kCompareAndSet, Verb::kRandomKey, Verb::kScan,
                                     Verb::kKeys,         Verb::kDbsize,        Verb::kClear};
    std::erase_if(deck_, [&](Verb verb) {
      return std::find(std::begin(of_residents), std::end(of_residents), verb) != std::end(of_residents);
    });
    deck_.insert(deck_.end(), 14, Verb::kAdvance);
    deck_.insert(deck_.end(), 3, Verb::kTick);
  } else {
    deal(kWeights, deck_);
    if (!profile.redis_too) deal(kLarderOnly, deck_);
    if (!profile.redis_too && profile.holds) deal(kHolds, deck_);
  }
  if (profile.limits_change) deal(kLimits, deck_);
  keys_ = {"a", "b", std::string("\0\xff\n", 3), "user:1", "user:2", ""};
  for (std::size_t i = keys_.size(); i < profile.keys; ++i) keys_.push_back("k" + std::to_string(i));
  keys_.resize(profile.keys);
}

std::vector<Command> CommandGenerator::sequence(std::size_t length) {
  std::vector<Command> commands;
  for (std::size_t i = 0; i < length; ++i) commands.push_back(next());
  return commands;
}

Command CommandGenerator::next() {
  Command command = one_key(deck_[below(deck_.size())]);
  fill(command);
  return command;
}

Command CommandGenerator::one_key(Verb verb) {
  Command command;
  command.verb = verb;
  command.keys.push_back(key());
  return command;
}

void CommandGenerator::fill(Command& command) {
  if (command.verb <= Verb::kCompareAndSet) {
    fill_string(command);
  } else if (command.verb <= Verb::kBitField) {
    fill_bits(command);
  } else if (command.verb <= Verb::kCopy) {
    fill_keys(command);
  } else {
    fill_other(command);
  }
}

void CommandGenerator::fill_string(Command& command) {
  switch (command.verb) {
    case Verb::kGet: command.how = pick({How::kPlain, How::kInto, How::kPin, How::kRead, How::kPeek}); return;
    case Verb::kMget:
      command.how = pick({How::kPlain, How::kRead});
      while (!one_in(4)) command.keys.push_back(key());
      return;
    case Verb::kLcs:
      command.keys.push_back(key());
      if (one_in(2)) command.lcs = {.with_matches = true, .match_bytes_min = below(5)};
      return;
    case Verb::kGetRange: command.first = index(), command.second = index(); return;
    case Verb::kSet:
    case Verb::kSetAndGet: command.set = set_options(); break;
    case Verb::kGetEx: command.get_ex = get_ex_options(); return;
    case Verb::kMset:
    case Verb::kMsetNx: fill_pairs(command); return;
    case Verb::kAppend: command.values.push_back(one_in(8) ? value() : one_in(8) ? "" : short_value()); return;
    case Verb::kSetRange:
      command.offset = byte_offset();
      command.values.push_back(one_in(6) ? "" : short_value());
      return;
    case Verb::kIncrBy:
    case Verb::kDecrBy:
      command.how = one_in(2) ? How::kShort : How::kPlain;
      command.first = command.how == How::kShort ? 1 : integer();
      return;
    case Verb::kIncrByFloat: command.text = float_text(); return;
    case Verb::kGetVersioned: command.first = static_cast<std::int64_t>(below(kSlots)); return;
    case Verb::kCompareAndSet:
      command.first = static_cast<std::int64_t>(below(kSlots));
      if (!profile_.redis_too && one_in(3)) command.set = set_options();
      command.set.condition = SetOptions::If::kAlways;
      break;
    default: break;
  }
  if (command.verb == Verb::kStrlen || command.verb == Verb::kGetDel) return;
  command.values.push_back(value());
}

void CommandGenerator::fill_pairs(Command& command) {
  while (!one_in(4)) command.keys.push_back(key());
  for (std::size_t i = 0; i < command.keys.size(); ++i) command.values.push_back(one_in(8) ? value() : short_value());
  if (profile_.redis_too || !one_in(40)) return;
  while (command.keys.size() < 1025) {  // one too many
    command.keys.push_back(key());
    command.values.emplace_back("x");
  }
}

void CommandGenerator::fill_bits(Command& command) {
  switch (command.verb) {
    case Verb::kSetBit:
    case Verb::kGetBit:
      command.offset = bit_offset();
      command.flag = one_in(2);
      return;
    case Verb::kBitCount: command.range = range(!profile_.redis_too); return;
    case Verb::kBitPos:
      command.flag = one_in(2);
      command.range = range(true);
      return;
    case Verb::kBitOp:
      command.operation = pick({BitOperation::kAnd, BitOperation::kOr, BitOperation::kXor, BitOperation::kNot});
      command.keys.push_back(key());
      while (!one_in(2)) command.keys.push_back(key());
      return;
    default:
      do command.steps.push_back(step());
      while (!one_in(3));
      return;
  }
}

void CommandGenerator::fill_keys(Command& command) {
  switch (command.verb) {
    case Verb::kDel:
    case Verb::kExists:
    case Verb::kTouch:
      while (!one_in(2)) command.keys.push_back(key());
      if (command.keys.size() == 1 && command.verb != Verb::kTouch && one_in(2)) command.how = How::kShort;
      return;
    case Verb::kExpire:
    case Verb::kExpireAt:
      command.first = command.verb == Verb::kExpire ? ttl_ms(false) : unix_ms(false);
      command.expire_if = pick({ExpireIf::kAlways, ExpireIf::kAlways, ExpireIf::kHasNone, ExpireIf::kHasOne,
                                ExpireIf::kGreater, ExpireIf::kLess, ExpireIf::kHasOneAndLess});
      return;
    case Verb::kRename:
    case Verb::kRenameNx:
    case Verb::kCopy:
      command.keys.push_back(key());
      command.flag = command.verb == Verb::kCopy && one_in(2);
      return;
    default: return;
  }
}

void CommandGenerator::fill_other(Command& command) {
  if (command.verb != Verb::kInvalidate && command.verb != Verb::kHold) command.keys.clear();
  switch (command.verb) {
    case Verb::kScan:
      if (one_in(2)) command.text = pattern();
      command.second = pick<std::int64_t>({1, 2, 10, 100, 100'000});
      return;
    case Verb::kScanStep:
      command.first = static_cast<std::int64_t>(below(kSlots));
      command.second = pick<std::int64_t>({1, 3, 10});
      return;
    case Verb::kKeys: command.text = pattern(); return;
    case Verb::kInvalidatePrefix: command.text = pick({"user:", "k", "a", "user:1", "z"}); return;
    case Verb::kAdvance: {
      command.first =
          pick<std::int64_t>({1, 1, 1, 2, 3, 9, 10, 100, 999, 1000, 60'000, 3'600'000, 86'400'000, kYearMs});
      if (advanced_ms_ + command.first > kAdvanceTotalMaxMs) command.first = 1;
      advanced_ms_ += command.first;
      return;
    }
    case Verb::kTick: command.first = pick<std::int64_t>({1, 10, 100'000}); return;
    case Verb::kHold:
    case Verb::kLetGo: command.first = static_cast<std::int64_t>(below(kSlots)); return;
    case Verb::kSetMaxMemory: command.first = pick<std::int64_t>({64, 80, 96, 128, 200, 500, 1000}) << 10; return;
    case Verb::kSetEviction:
      command.text = pick({"adaptive", "s3-fifo", "lru", "lfu", "random", "sieve", "fifo", "none", "s3-fifo-ttl",
                           "sieve-ttl", "lru-ttl", "lfu-ttl", "random-ttl", "allkeys-lru", "volatile-lfu"});
      return;
    default: return;
  }
}

std::string CommandGenerator::key() {
  if (!profile_.redis_too && !profile_.idle && one_in(200)) {
    return repeated("long-key", pick<std::size_t>({254, 255, 256, kKeyBytesMax - 1, kKeyBytesMax, kKeyBytesMax + 1}));
  }
  return keys_[below(keys_.size())];
}

std::string CommandGenerator::value() {
  switch (below(profile_.big_values ? 12 : 9)) {
    case 0:
    case 1: return number_text();
    case 2: return float_text();
    case 3: return "";
    case 9:
    case 10: return repeated("v" + std::to_string(++values_made_ % 1000), 1022 + below(5));
    case 11:
      if (!profile_.redis_too && one_in(4)) return repeated("large", pick<std::size_t>({131'072, 200'000, 1'048'577}));
      return repeated("v" + std::to_string(++values_made_ % 1000), 70'000 + below(3));
    default: return short_value();
  }
}

// Different each time, for the most part, so that it is seen which write a value comes from.
std::string CommandGenerator::short_value() {
  if (one_in(8)) {
    std::string bytes;
    for (std::uint64_t i = below(20); i > 0; --i) bytes += static_cast<char>(below(256));
    return bytes;
  }
  if (one_in(6)) return repeated("ab", below(70));
  return "v" + std::to_string(++values_made_);
}

std::string CommandGenerator::number_text() {
  if (one_in(3)) {
    return pick({" 11", "11 ", "01", "-0", "+1", "1.0", "0x1", "9223372036854775808", "-9223372036854775809", "-",
                 "1e3", "00000000000000000001", "18446744073709551616"});
  }
  return std::to_string(integer());
}

std::string CommandGenerator::float_text() {
  // What the long double of x87 makes of 1e400 is right by Redis (REDIS.md 1).
  return pick({"0.1",
               "1000",
               "5e3",
               "2.0e2",
               "10.50",
               "0",
               "-0.0",
               "-1.5",
               "3.0e-5",
               "1e-30",
               "1e400",
               "-1e400",
               "1e4931",
               "nan",
               "inf",
               "-inf",
               "1e5000",
               "0x10",
               " 1",
               "1 ",
               "abc",
               "",
               "9007199254740993",
               "0.00000000000000001",
               "-0.000000000000000004",
               "+3",
               ".5",
               "5.",
               "1e-5000",
               "infinity"});
}

std::string CommandGenerator::pattern() {
  if (one_in(2)) {
    return pick({"*",    "?",     "k*", "k?",  "user:*", "user:[12]", "user:[^1]", "k[6-8]", "k[8-6]",
                 "\\k6", "[",     "[^", "k[6", "k[6-",   "**",        "*:*",       "",       "\\",
                 "a\\",  "[a-b]", "[]", "[^]", "*6",     "long*key*", "[\\a]",     "??"});
  }
  std::string text;
  for (std::uint64_t i = below(7); i > 0; --i) {
    // Redis orders bytes above 127 as the machine's char does: none in its ranges.
    text += pick(
        {'*', '?', '[', ']', '^', '-', '\\', 'a', 'b', 'k', '6', '7', 'u', ':', profile_.redis_too ? 'z' : '\xff'});
  }
  return text;
}

std::int64_t CommandGenerator::integer() {
  if (one_in(2)) return static_cast<std::int64_t>(below(200)) - 100;
  if (one_in(2)) return pick({kMost, kMost - 1, kLeast, kLeast + 1, kMost / 2 + 1, kLeast / 2, std::int64_t{1} << 32});
  return pick({std::int64_t{127}, std::int64_t{128}, std::int64_t{255}, std::int64_t{256}, std::int64_t{-129},
               std::int64_t{32'768}, std::int64_t{65'535}});
}

std::int64_t CommandGenerator::index() {
  if (one_in(3))
    return pick<std::int64_t>({kMost, kLeast, -200, -100, 1023, 1024, 1025, -1024, 69'999, 70'000, -70'000});
  return static_cast<std::int64_t>(below(24)) - 12;
}

std::uint64_t CommandGenerator::byte_offset() {
  if (one_in(12)) return pick<std::uint64_t>({kValueBytesMax, kValueBytesMax + 1, kMost});
  if (!profile_.redis_too && one_in(12)) {
    return pick<std::uint64_t>({~std::uint64_t{0}, ~std::uint64_t{0} - 1, kValueBytesMax - 1, 1'048'576, 131'000});
  }
  if (!profile_.big_values || !one_in(4)) return below(30);
  return pick<std::uint64_t>({1020, 1022, 1023, 1024, 1025, 2000, 69'990, 70'000});
}

std::uint64_t CommandGenerator::bit_offset() {
  if (one_in(12)) return pick<std::uint64_t>({kValueBytesMax * 8, kValueBytesMax * 8 + 1, kMost});
  if (!profile_.redis_too && one_in(12)) {
    return pick<std::uint64_t>({~std::uint64_t{0}, kValueBytesMax * 8 - 1, 1'048'576 * 8, 131'000 * 8});
  }
  if (!profile_.big_values || !one_in(4)) return below(200);
  return pick<std::uint64_t>({8184, 8191, 8192, 8193, 16'000, 559'999, 560'000});
}

std::int64_t CommandGenerator::far_ttl_ms() { return 10'000'000 + static_cast<std::int64_t>(below(1'000'000'000'000)); }

// Towards Redis, whose clock is the machine's, only times that are far away.
std::int64_t CommandGenerator::ttl_ms(bool must_be_positive) {
  if (profile_.redis_too) {
    if (!must_be_positive && one_in(8)) return pick<std::int64_t>({0, -1, -1000, -kYearMs});
    if (one_in(16)) return kMost - static_cast<std::int64_t>(below(3));
    if (must_be_positive && one_in(12)) return pick<std::int64_t>({0, -1, kLeast});
    return far_ttl_ms();
  }
  if (one_in(10)) return pick<std::int64_t>({0, -1, -1000, -kYearMs, kMost, kMost - 1, 10'000 * kYearMs});
  return pick<std::int64_t>(
      {1, 1, 2, 2, 3, 5, 9, 10, 11, 100, 1000, 60'000, 3'600'000, 86'400'000, kYearMs, 200 * kYearMs, 1000 * kYearMs});
}

std::int64_t CommandGenerator::unix_ms(bool must_be_positive) {
  if (!must_be_positive && one_in(10)) return pick<std::int64_t>({0, -1, -1'700'000'000'000});
  if (one_in(6)) return pick<std::int64_t>({1, 1000, 1'600'000'000'000});
  if (profile_.redis_too) return profile_.now_ms + static_cast<std::int64_t>(1 + below(8)) * 100'000'000;
  if (one_in(12)) return kMost;
  const std::int64_t now = profile_.now_ms + advanced_ms_;
  return now + pick<std::int64_t>({-1, 0, 1, 2, 5, 10, 1000, 3'600'000, kYearMs, 1000 * kYearMs});
}

BitRange CommandGenerator::range(bool last_may_be_absent) {
  if (one_in(4)) return {};
  BitRange range{.first = index()};
  if (!last_may_be_absent || !one_in(3)) range.last = index();
  if (one_in(2) && (range.last || !profile_.redis_too)) range.unit = BitRange::Unit::kBit;
  return range;
}

BitFieldStep CommandGenerator::step() {
  using Action = BitFieldStep::Action;
  using Overflow = BitFieldStep::Overflow;
  BitFieldStep step;
  step.action = pick({Action::kGet, Action::kSet, Action::kIncrBy});
  step.is_signed = one_in(2);
  step.width =
      static_cast<std::uint8_t>(one_in(2) ? 1 + below(63) : pick<std::uint64_t>({1, 2, 7, 8, 9, 31, 32, 33, 63}));
  if (step.is_signed && one_in(6)) step.width = 64;
  if (one_in(30)) step.width = pick<std::uint8_t>({0, 65, 255});
  step.bit_offset = bit_offset();
  step.operand = integer();
  step.overflow = pick({Overflow::kWrap, Overflow::kSaturate, Overflow::kFail});
  // Redis saturates a set of a very small number at the top: its subtraction overflows.
  if (profile_.redis_too && step.action == Action::kSet) step.operand = std::max(step.operand, kLeast / 2);
  return step;
}

SetOptions CommandGenerator::set_options() {
  SetOptions options;
  options.condition =
      pick({SetOptions::If::kAlways, SetOptions::If::kAlways, SetOptions::If::kAbsent, SetOptions::If::kPresent});
  switch (below(6)) {
    case 0:
    case 1: options.ttl = Milliseconds(ttl_ms(true)); break;
    case 2: options.expires_at = UnixTime(Milliseconds(unix_ms(true))); break;
    case 3: options.keep_ttl = true; break;
    default: break;
  }
  if (one_in(30)) options.keep_ttl = true;
  return options;
}

GetExOptions CommandGenerator::get_ex_options() {
  GetExOptions options;
  // Redis looks for the key before it looks at the time: no invalid times for it here.
  switch (below(5)) {
    case 0:
    case 1: options.ttl = Milliseconds(profile_.redis_too ? far_ttl_ms() : ttl_ms(true)); break;
    case 2: options.expires_at = UnixTime(Milliseconds(unix_ms(true))); break;
    case 3: options.persist = true; break;
    default: break;
  }
  if (one_in(30)) options.persist = true;
  return options;
}

}  // namespace larder::model
