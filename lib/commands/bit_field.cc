// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// BITFIELD: integers of any width at any bit of a string.
#include <tsl/robin_map.h>

#include <algorithm>

#include "keyspace/keyspace.h"
#include "larder/bits.h"

namespace larder {

using keyspace::Change;
using keyspace::Entry;
using keyspace::EntryType;
using keyspace::Patch;
using keyspace::Use;
using keyspace::use_of;

namespace {

constexpr std::size_t kStepsMax = 1024;
__extension__ using Wide = __int128;

// The bytes that steps have written, over the value as it is.
class Overlay {
 public:
  void reset(std::string_view value) {
    value_ = value;
    written_.clear();
  }
  std::uint64_t read(std::uint64_t bit, unsigned width) const {
    std::uint64_t bits = 0;
    unsigned char now = 0;
    for (std::uint64_t at = bit; at < bit + width; ++at) {
      if (at == bit || at % 8 == 0) now = byte(at / 8);
      bits = bits << 1 | (now >> (7 - at % 8) & 1u);
    }
    return bits;
  }
  void write(std::uint64_t bit, unsigned width, std::uint64_t bits) {
    for (std::uint64_t first = bit; first < bit + width;) {
      unsigned now = byte(first / 8);
      std::uint64_t at = first;
      do {
        const unsigned mask = 0x80u >> (at % 8);
        const bool on = bits >> (bit + width - 1 - at) & 1;
        now = on ? now | mask : now & ~mask;
        ++at;
      } while (at < bit + width && at % 8 != 0);
      written_[first / 8] = static_cast<char>(now);
      first = at;
    }
  }
  // Valid until the next change.
  void add_patches(std::vector<Patch>* patches) const {
    for (auto one = written_.begin(); one != written_.end(); ++one) patches->push_back({one.key(), {&one.value(), 1}});
  }

 private:
  unsigned char byte(std::uint64_t at) const {
    const auto found = written_.find(at);
    if (found != written_.end()) return static_cast<unsigned char>(found.value());
    return at < value_.size() ? static_cast<unsigned char>(value_[at]) : 0;
  }
  std::string_view value_;
  tsl::robin_map<std::uint64_t, char> written_;
};

std::int64_t as_number(std::uint64_t bits, const BitFieldStep& step) {
  if (!step.is_signed || step.width == 64) return static_cast<std::int64_t>(bits);
  const std::uint64_t sign = std::uint64_t{1} << (step.width - 1);
  return static_cast<std::int64_t>((bits ^ sign) - sign);
}

// Brings a number into the step's range as its overflow rule says; none if that is to fail.
std::optional<std::int64_t> within(Wide number, const BitFieldStep& step) {
  const Wide high = step.is_signed ? (Wide{1} << (step.width - 1)) - 1 : (Wide{1} << step.width) - 1;
  const Wide low = step.is_signed ? -(Wide{1} << (step.width - 1)) : Wide{0};
  if (number >= low && number <= high) return static_cast<std::int64_t>(number);
  switch (step.overflow) {
    case BitFieldStep::Overflow::kFail: return std::nullopt;
    case BitFieldStep::Overflow::kSaturate: return static_cast<std::int64_t>(number > high ? high : low);
    case BitFieldStep::Overflow::kWrap: break;
  }
  const std::uint64_t mask = step.width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << step.width) - 1;
  return as_number(static_cast<std::uint64_t>(number) & mask, step);
}

std::optional<std::int64_t> run_step(const BitFieldStep& step, Overlay& overlay) {
  const std::int64_t old = as_number(overlay.read(step.bit_offset, step.width), step);
  if (step.action == BitFieldStep::Action::kGet) return old;
  const bool adds = step.action == BitFieldStep::Action::kIncrBy;
  // An unsigned field takes the operand's bits, as Redis does: a negative number is a very large one.
  const Wide operand = !adds && !step.is_signed ? Wide{static_cast<std::uint64_t>(step.operand)} : Wide{step.operand};
  const std::optional<std::int64_t> number = within(adds ? Wide{old} + operand : operand, step);
  if (!number) return std::nullopt;
  overlay.write(step.bit_offset, step.width, static_cast<std::uint64_t>(*number));
  return adds ? *number : old;
}

Status check_steps(std::span<const BitFieldStep> steps) {
  if (steps.size() > kStepsMax) return {ErrorCode::kInvalidArgument, "BITFIELD takes at most 1,024 steps"};
  for (const BitFieldStep& step : steps) {
    if (step.width < 1 || step.width > (step.is_signed ? 64 : 63)) {
      return {ErrorCode::kInvalidArgument, "a signed integer has 1 to 64 bits, an unsigned one 1 to 63"};
    }
    if (step.bit_offset >= kValueBytesMax * 8 || step.bit_offset + step.width > kValueBytesMax * 8) {
      return {ErrorCode::kOutOfRange, "bit offset is not an integer or out of range"};
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::optional<std::int64_t>>> Bits::bit_field(std::string_view key,
                                                                 std::span<const BitFieldStep> steps) {
  if (Status status = check_steps(steps); !status.ok()) return status;
  std::vector<std::optional<std::int64_t>> answers;
  answers.reserve(steps.size());
  Overlay overlay;
  // A value grows by every write, even one that is refused.
  std::uint64_t grows_to = 0;
  for (const BitFieldStep& step : steps) {
    if (step.action != BitFieldStep::Action::kGet)
      grows_to = std::max(grows_to, (step.bit_offset + step.width + 7) / 8);
  }
  std::vector<Patch> patches;
  const char zero = 0;
  const auto run_steps = [&](const Entry* entry) {
    answers.clear();
    const std::string_view value = entry == nullptr ? std::string_view() : entry->value();
    overlay.reset(value);
    for (const BitFieldStep& step : steps) answers.push_back(run_step(step, overlay));
    return value;
  };
  if (grows_to == 0) {
    Status status = keyspace_->view_as(EntryType::kString, key, use_of(looks_, Use::kMark), run_steps);
    if (!status.ok()) return status;
    return answers;
  }
  Status status = keyspace_->edit_as(EntryType::kString, key, [&](const Entry* entry, Change& change) -> Status {
    const std::string_view value = run_steps(entry);
    patches.clear();
    if (grows_to > value.size()) patches.push_back({grows_to - 1, {&zero, 1}});
    overlay.add_patches(&patches);
    if (patches.empty()) return {};
    change = {.kind = Change::Kind::kPatch, .patches = patches};
    return {};
  });
  if (!status.ok()) return status;
  return answers;
}

}  // namespace larder
