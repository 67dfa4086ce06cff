// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on strings seen as arrays of bits.
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "commands/numbers.h"
#include "endpoint/arguments.h"

namespace larder::endpoint {
namespace {

constexpr KeyPositions kOneKey{1, 1, 1};
constexpr std::uint64_t kBitsMax = kValueBytesMax * 8;
constexpr std::string_view kBadOffset = "ERR bit offset is not an integer or out of range";

std::optional<std::uint64_t> parse_offset(std::string_view word, std::uint64_t factor = 1) {
  const std::optional<std::int64_t> number = commands::parse_integer(word);
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) > kBitsMax / factor) return std::nullopt;
  const std::uint64_t offset = static_cast<std::uint64_t>(*number) * factor;
  return offset < kBitsMax ? std::optional(offset) : std::nullopt;
}

bool read_offset(Call& call, std::uint64_t* offset) {
  const std::optional<std::uint64_t> read = parse_offset(call[2]);
  if (!read) {
    call.reply.error(kBadOffset);
    return false;
  }
  *offset = *read;
  return true;
}

void getbit(Call& call) {
  std::uint64_t offset = 0;
  if (read_offset(call, &offset)) reply_integer(call, call.view.get_bit(call[1], offset));
}

void setbit(Call& call) {
  constexpr std::string_view kBadBit = "ERR bit is not an integer or out of range";
  std::uint64_t offset = 0;
  std::int64_t bit = 0;
  if (!read_offset(call, &offset) || !read_integer(call, call[3], &bit, kBadBit)) return;
  if (bit != 0 && bit != 1) return call.reply.error(kBadBit);
  reply_integer(call, call.keys.set_bit(call[1], offset, bit == 1));
}

// The unit, the last word of a range.
bool read_unit(Call& call, std::string_view word, BitRange* range) {
  if (is_word(word, "bit")) {
    range->unit = BitRange::Unit::kBit;
  } else if (!is_word(word, "byte")) {
    reply_syntax_error(call);
    return false;
  }
  return true;
}

// A key that is not there comes before a range that makes no sense. True: it was, and the client has been told.
bool answered_missing(Call& call, std::int64_t answer) {
  const Lookup<std::uint64_t> there = call.view.strlen(call[1]);
  if (there) return false;
  there.missing() ? call.reply.integer(answer) : reply_error(call, there.status());
  return true;
}

void bitcount(Call& call) {
  BitRange range;
  if (call.size() > 2) {
    if (answered_missing(call, 0)) return;
    if (call.size() != 4 && call.size() != 5) return reply_syntax_error(call);
    std::int64_t last = 0;
    if (!read_integer(call, call[2], &range.first) || !read_integer(call, call[3], &last)) return;
    range.last = last;
    // Of a range that is turned round, the unit is not looked at.
    if (range.first < 0 && last < 0 && range.first > last) return call.reply.integer(std::int64_t{0});
    if (call.size() == 5 && !read_unit(call, call[4], &range)) return;
  }
  reply_integer(call, call.view.bit_count(call[1], range));
}

void bitpos(Call& call) {
  std::int64_t bit = 0;
  if (!read_integer(call, call[2], &bit)) return;
  if (bit != 0 && bit != 1) return call.reply.error("ERR The bit argument must be 1 or 0.");
  BitRange range;
  if (call.size() > 3) {
    if (answered_missing(call, bit == 1 ? -1 : 0)) return;
    if (call.size() > 6) return reply_syntax_error(call);
    std::int64_t last = 0;
    if (!read_integer(call, call[3], &range.first)) return;
    if (call.size() == 6 && !read_unit(call, call[5], &range)) return;
    if (call.size() > 4) {
      if (!read_integer(call, call[4], &last)) return;
      range.last = last;
    }
  }
  reply_integer(call, call.view.bit_pos(call[1], bit == 1, range));
}

void bitop(Call& call) {
  struct Name {
    std::string_view name;
    BitOperation operation;
  };
  constexpr Name kNames[] = {
      {"and", BitOperation::kAnd}, {"or", BitOperation::kOr}, {"xor", BitOperation::kXor}, {"not", BitOperation::kNot}};
  for (const auto& [name, operation] : kNames) {
    if (!is_word(call[1], name)) continue;
    if (operation == BitOperation::kNot && call.size() != 4)
      return call.reply.error("ERR BITOP NOT must be called with a single source key.");
    return reply_integer(call, call.keys.bit_op(operation, call[2], call.from(3)));
  }
  reply_syntax_error(call);
}

// --- BITFIELD -------------------------------------------------------------------------------------------------------

// "i16", "u8".
bool parse_type(std::string_view word, BitFieldStep* step) {
  if (word.empty() || (word[0] != 'i' && word[0] != 'u')) return false;
  const std::optional<std::int64_t> width = commands::parse_integer(word.substr(1));
  step->is_signed = word[0] == 'i';
  if (!width || *width < 1 || *width > (step->is_signed ? 64 : 63)) return false;
  step->width = static_cast<std::uint8_t>(*width);
  return true;
}

// "100", or "#3": so many widths.
bool parse_field_offset(std::string_view word, BitFieldStep* step) {
  const bool in_widths = word.starts_with('#');
  const std::optional<std::uint64_t> offset =
      parse_offset(in_widths ? word.substr(1) : word, in_widths ? step->width : 1);
  if (!offset || *offset + step->width > kBitsMax) return false;
  step->bit_offset = *offset;
  return true;
}

bool parse_overflow(std::string_view word, BitFieldStep::Overflow* overflow) {
  using Overflow = BitFieldStep::Overflow;
  if (is_word(word, "wrap")) return *overflow = Overflow::kWrap, true;
  if (is_word(word, "sat")) return *overflow = Overflow::kSaturate, true;
  if (is_word(word, "fail")) return *overflow = Overflow::kFail, true;
  return false;
}

// False: the client has been told.
bool read_steps(Call& call, std::vector<BitFieldStep>* steps) {
  constexpr std::string_view kBadType =
      "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
  using Action = BitFieldStep::Action;
  BitFieldStep::Overflow overflow = BitFieldStep::Overflow::kWrap;
  const auto refuse = [&](std::string_view text) { return call.reply.error(text), false; };
  for (std::size_t i = 2; i < call.size();) {
    const std::size_t left = call.size() - i - 1;
    BitFieldStep step;
    if (is_word(call[i], "overflow") && left >= 1) {
      if (!parse_overflow(call[i + 1], &overflow)) return refuse("ERR Invalid OVERFLOW type specified");
      i += 2;
      continue;
    }
    if (is_word(call[i], "get") && left >= 2) {
      step.action = Action::kGet;
    } else if (is_word(call[i], "set") && left >= 3) {
      step.action = Action::kSet;
    } else if (is_word(call[i], "incrby") && left >= 3) {
      step.action = Action::kIncrBy;
    } else {
      return refuse(kSyntaxErrorText);
    }
    if (!parse_type(call[i + 1], &step)) return refuse(kBadType);
    if (!parse_field_offset(call[i + 2], &step)) return refuse(kBadOffset);
    if (step.action != Action::kGet && !read_integer(call, call[i + 3], &step.operand)) return false;
    step.overflow = overflow;
    i += step.action == Action::kGet ? 3 : 4;
    steps->push_back(step);
  }
  return true;
}

void reply_fields(Call& call, const Result<std::vector<std::optional<std::int64_t>>>& answers) {
  if (!answers) return reply_error(call, answers.status());
  call.reply.array(answers->size());
  for (const std::optional<std::int64_t>& answer : *answers) answer ? call.reply.integer(*answer) : call.reply.null();
}

void bitfield(Call& call) {
  std::vector<BitFieldStep> steps;
  if (read_steps(call, &steps)) reply_fields(call, call.keys.bit_field(call[1], steps));
}

void bitfield_ro(Call& call) {
  std::vector<BitFieldStep> steps;
  if (!read_steps(call, &steps)) return;
  for (const BitFieldStep& step : steps) {
    if (step.action != BitFieldStep::Action::kGet)
      return call.reply.error("ERR BITFIELD_RO only supports the GET subcommand");
  }
  reply_fields(call, call.view.bit_field(call[1], steps));
}

constexpr Group kBitmap = Group::kBitmap;
constexpr std::uint32_t kWrites = kWrite | kDenyOom;
constexpr Command kCommands[] = {
    {"bitcount", -2, kReadOnly, kOneKey, kBitmap, "2.6.0", "key [start end [BYTE | BIT]]",
     "Counts the bits that are set", bitcount},
    {"bitfield", -2, kWrites, kOneKey, kBitmap, "3.2.0",
     "key [GET type offset | [OVERFLOW WRAP | SAT | FAIL] SET type offset value | INCRBY type offset increment ...]",
     "Reads and writes integers of any width", bitfield},
    {"bitfield_ro", -2, kReadOnly | kFast, kOneKey, kBitmap, "6.0.0", "key [GET type offset ...]",
     "Reads integers of any width", bitfield_ro},
    {"bitop",
     -4,
     kWrites | kOffLoop,
     {2, -1, 1},
     kBitmap,
     "2.6.0",
     "AND | OR | XOR | NOT destkey key [key ...]",
     "Combines values bit by bit",
     bitop},
    {"bitpos", -3, kReadOnly, kOneKey, kBitmap, "2.8.7", "key bit [start [end [BYTE | BIT]]]",
     "Finds the first bit that is set, or is not", bitpos},
    {"getbit", 3, kReadOnly | kFast, kOneKey, kBitmap, "2.2.0", "key offset", "Reads a bit", getbit},
    {"setbit", 4, kWrites, kOneKey, kBitmap, "2.2.0", "key offset value", "Writes a bit", setbit},
};

}  // namespace

std::span<const Command> bit_commands() { return kCommands; }

}  // namespace larder::endpoint
