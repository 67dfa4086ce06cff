// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The naive model: bits.h, a bit at a time.
#include <algorithm>

#include "model/naive_model.h"

namespace larder::model {
namespace {

constexpr std::uint64_t kBitsMax = kValueBytesMax * 8;

bool bit_at(const std::string& value, std::uint64_t offset) {
  if (offset / 8 >= value.size()) return false;
  return (static_cast<unsigned char>(value[offset / 8]) >> (7 - offset % 8)) & 1;
}

void put_bit(std::string& value, std::uint64_t offset, bool on) {
  if (offset / 8 >= value.size()) value.resize(offset / 8 + 1, '\0');
  const int mask = 1 << (7 - offset % 8);
  const int byte = static_cast<unsigned char>(value[offset / 8]);
  value[offset / 8] = static_cast<char>(on ? byte | mask : byte & ~mask);
}

struct Bounds {
  std::int64_t first = 0;
  std::int64_t last = -1;  // before first: nothing
};

// In bits, both included.
Bounds bounds_of(const BitRange& range, std::size_t bytes) {
  const bool bits = range.unit == BitRange::Unit::kBit;
  const auto size = static_cast<std::int64_t>(bits ? bytes * 8 : bytes);
  std::int64_t first = range.first;
  std::int64_t last = range.last.value_or(-1);
  if (first < 0) first = std::max<std::int64_t>(0, first + size);
  if (last < 0) last = std::max<std::int64_t>(0, last + size);
  last = std::min(last, size - 1);
  if (first > last) return {};
  return bits ? Bounds{first, last} : Bounds{first * 8, last * 8 + 7};
}

Wide field_at(const std::string& value, const BitFieldStep& step) {
  Wide number = 0;
  for (unsigned i = 0; i < step.width; ++i) number = number * 2 + bit_at(value, step.bit_offset + i);
  if (step.is_signed && bit_at(value, step.bit_offset)) number -= static_cast<Wide>(1) << step.width;
  return number;
}

void put_field(std::string& value, const BitFieldStep& step, Wide number) {
  for (unsigned i = 0; i < step.width; ++i) {
    put_bit(value, step.bit_offset + i, static_cast<unsigned>(number >> (step.width - 1 - i)) & 1u);
  }
}

// What becomes of `number` in a field that may be too small for it; nothing if it is refused.
std::optional<Wide> fit(Wide number, const BitFieldStep& step) {
  const Wide one = 1;
  const Wide most = (one << (step.width - (step.is_signed ? 1 : 0))) - 1;
  const Wide least = step.is_signed ? -most - 1 : 0;
  if (number >= least && number <= most) return number;
  if (step.overflow == BitFieldStep::Overflow::kFail) return std::nullopt;
  if (step.overflow == BitFieldStep::Overflow::kSaturate) return number > most ? most : least;
  number &= (one << step.width) - 1;
  return step.is_signed && number > most ? number - (one << step.width) : number;
}

}  // namespace

Answer NaiveModel::set_bit(const Command& command) {
  if (command.offset >= kBitsMax) return Answer::failure(ErrorCode::kOutOfRange);
  std::string value = value_or_empty(command.key());
  if (too_large(std::max<std::size_t>(value.size(), command.offset / 8 + 1))) {
    return Answer::failure(ErrorCode::kValueTooLarge);
  }
  const bool before = bit_at(value, command.offset);
  put_bit(value, command.offset, command.flag);
  const Entry* entry = find(command.key());
  if (entry == nullptr || entry->value != value) {
    edit(command.key(), value);
  } else {
    ++changes_;  // a write that changes nothing: to Redis the key was not touched
  }
  return Answer::number(before);
}

Answer NaiveModel::get_bit(const Command& command) const {
  if (command.offset >= kBitsMax) return Answer::failure(ErrorCode::kOutOfRange);
  return Answer::number(bit_at(value_or_empty(command.key()), command.offset));
}

Answer NaiveModel::bit_count(const Command& command) const {
  const std::string value = value_or_empty(command.key());
  const BitRange& range = command.range;
  if (range.first < 0 && range.last.value_or(0) < 0 && range.first > range.last.value_or(0)) return Answer::number(0);
  const Bounds bounds = bounds_of(range, value.size());
  std::int64_t set = 0;
  for (std::int64_t i = bounds.first; i <= bounds.last; ++i) set += bit_at(value, static_cast<std::uint64_t>(i));
  return Answer::number(set);
}

Answer NaiveModel::bit_pos(const Command& command) const {
  const Entry* entry = find(command.key());
  if (entry == nullptr) return Answer::number(command.flag ? -1 : 0);
  const Bounds bounds = bounds_of(command.range, entry->value.size());
  for (std::int64_t i = bounds.first; i <= bounds.last; ++i) {
    if (bit_at(entry->value, static_cast<std::uint64_t>(i)) == command.flag) return Answer::number(i);
  }
  if (bounds.first > bounds.last || command.flag || command.range.last) return Answer::number(-1);
  return Answer::number(static_cast<std::int64_t>(entry->value.size()) * 8);
}

Answer NaiveModel::bit_op(const Command& command) {
  const std::size_t sources = command.keys.size() - 1;
  if (sources == 0 || (command.operation == BitOperation::kNot && sources != 1)) {
    return Answer::failure(ErrorCode::kInvalidArgument);
  }
  if (sources > 1024) return Answer::failure(ErrorCode::kTooManyKeys);
  std::vector<std::string> values;
  std::size_t size = 0;
  for (std::size_t i = 1; i <= sources; ++i) {
    values.push_back(value_or_empty(command.keys[i]));
    size = std::max(size, values.back().size());
  }
  std::string result(size, '\0');
  for (std::size_t at = 0; at < size; ++at) {
    unsigned byte = 0;
    for (std::size_t i = 0; i < sources; ++i) {
      const unsigned other = at < values[i].size() ? static_cast<unsigned char>(values[i][at]) : 0u;
      switch (command.operation) {
        case BitOperation::kAnd: byte = i == 0 ? other : byte & other; break;
        case BitOperation::kOr: byte |= other; break;
        case BitOperation::kXor: byte ^= other; break;
        case BitOperation::kNot: byte = ~other; break;
      }
    }
    result[at] = static_cast<char>(byte);
  }
  const std::string& to = command.keys[0];
  if (size != 0) {
    replace(to, result, std::nullopt);
  } else if (find(to) != nullptr) {
    remove(to, RemovalCause::kDeleted);
  }
  return Answer::number(static_cast<std::int64_t>(size));
}

Answer NaiveModel::bit_field(const Command& command) {
  using Action = BitFieldStep::Action;
  std::uint64_t bytes = 0;
  for (const BitFieldStep& step : command.steps) {
    if (step.width == 0 || step.width > (step.is_signed ? 64 : 63)) return Answer::failure(ErrorCode::kInvalidArgument);
    if (step.bit_offset >= kBitsMax || step.bit_offset + step.width > kBitsMax) {
      return Answer::failure(ErrorCode::kOutOfRange);
    }
    if (step.action != Action::kGet) bytes = std::max(bytes, (step.bit_offset + step.width - 1) / 8 + 1);
  }
  std::string value = value_or_empty(command.key());
  if (bytes != 0 && too_large(std::max<std::size_t>(value.size(), bytes))) {
    return Answer::failure(ErrorCode::kValueTooLarge);
  }
  if (value.size() < bytes) value.resize(bytes, '\0');  // even where every step will be refused
  std::vector<Answer> answers;
  for (const BitFieldStep& step : command.steps) {
    const Wide before = field_at(value, step);
    std::optional<Wide> after = before;
    if (step.action == Action::kIncrBy) after = fit(before + step.operand, step);
    // The operand of an unsigned field is read as an unsigned number: -1 is the largest.
    if (step.action == Action::kSet) {
      after = fit(step.is_signed ? Wide{step.operand} : Wide{static_cast<std::uint64_t>(step.operand)}, step);
    }
    if (after && step.action != Action::kGet) put_field(value, step, *after);
    const Wide shown = step.action == Action::kSet ? before : after.value_or(0);
    answers.push_back(after ? Answer::number(static_cast<std::int64_t>(shown)) : Answer::miss());
  }
  if (bytes != 0) edit(command.key(), value);
  return Answer::items(std::move(answers));
}

Answer NaiveModel::run_bits(const Command& command) {
  switch (command.verb) {
    case Verb::kSetBit: return set_bit(command);
    case Verb::kGetBit: return get_bit(command);
    case Verb::kBitCount: return bit_count(command);
    case Verb::kBitPos: return bit_pos(command);
    case Verb::kBitOp: return bit_op(command);
    case Verb::kBitField: return bit_field(command);
    default: return Answer::failure(ErrorCode::kInvalidArgument);
  }
}

}  // namespace larder::model
