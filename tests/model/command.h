// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One call of the API as data: what the random tests generate, run on every subject, shrink and print.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "larder/bits.h"
#include "larder/keys.h"
#include "larder/strings.h"

namespace larder::model {

enum class Verb : std::uint8_t {
  // Strings
  kGet,
  kMget,
  kStrlen,
  kGetRange,
  kLcs,
  kSet,
  kSetAndGet,
  kGetSet,
  kGetDel,
  kGetEx,
  kMset,
  kMsetNx,
  kAppend,
  kSetRange,
  kIncrBy,
  kDecrBy,
  kIncrByFloat,
  kGetVersioned,   // into slot `first`
  kCompareAndSet,  // with the version in slot `first`, which then has the new one
  // Bits
  kSetBit,
  kGetBit,
  kBitCount,
  kBitPos,
  kBitOp,
  kBitField,
  // Keys
  kDel,
  kExists,
  kTouch,
  kType,
  kExpire,
  kExpireAt,
  kPersist,
  kTtl,
  kExpireTime,
  kRename,
  kRenameNx,
  kCopy,
  kRandomKey,
  kScan,      // from cursor 0 to 0
  kScanStep,  // one step of the scan in slot `first`
  kKeys,
  kForEach,
  kDbsize,
  kInvalidate,
  kInvalidatePrefix,
  kClear,
  // What is no command of Redis
  kAdvance,  // the clock, by `first` milliseconds
  kTick,     // with a budget of `first` steps
  kHold,     // pins a value in slot `first`
  kLetGo,
  kSetMaxMemory,
  kSetEviction,
};
inline constexpr int kVerbs = static_cast<int>(Verb::kSetEviction) + 1;

// Which overload of a command is called.
enum class How : std::uint8_t {
  kPlain,
  kInto,   // get into a string
  kPin,    // through a handle
  kRead,   // through a function: read, and mget with a function
  kPeek,   // without marking use
  kShort,  // the overload for one key; incr and decr in place of incr_by
};

// Which fields count depends on the verb.
struct Command {
  Verb verb = Verb::kGet;
  How how = How::kPlain;
  std::vector<std::string> keys = {};
  std::vector<std::string> values = {};
  std::string text = {};     // a float as it is written, a pattern, a prefix, a policy's name
  std::int64_t first = 0;    // a number, the first index, milliseconds, a slot
  std::int64_t second = 0;   // the last index, or a count
  std::uint64_t offset = 0;  // in bytes or bits
  bool flag = false;         // the bit; copy's replace
  SetOptions set = {};
  GetExOptions get_ex = {};
  ExpireIf expire_if = ExpireIf::kAlways;
  BitRange range = {};
  BitOperation operation = BitOperation::kAnd;
  std::vector<BitFieldStep> steps = {};
  LcsOptions lcs = {};

  const std::string& key() const { return keys.front(); }
  const std::string& value() const { return values.front(); }
};

// Whether the command may create, change or remove something: what may be refused for want of memory.
bool writes(Verb verb);

// The command line as Redis would have it; for what Redis does not have, a line in the same manner.
std::vector<std::string> words_of(const Command& command);
std::string printable(const Command& command);

}  // namespace larder::model
