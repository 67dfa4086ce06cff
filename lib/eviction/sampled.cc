// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/sampled.h"

namespace larder::eviction {
namespace {

constexpr int kDrawn = 16;
constexpr std::uint8_t kFirstCount = 5;

}  // namespace

bool Random::evict(Residents& residents) {
  if (residents.size() == 0) return false;
  return residents.sample(random_.next(), [](Resident&) { return Verdict::kEvict; }) == Verdict::kEvict;
}

bool Lfu::on_insert(Resident& entry, Residents&) {
  if (entry.counter == 0) entry.counter = kFirstCount;
  return true;
}

bool Lfu::evict(Residents& residents) {
  if (residents.size() == 0) return false;
  EntryId least = 0;
  unsigned count = 256;
  for (int draw = 0; draw < kDrawn; ++draw) {
    const std::uint64_t number = random_.next();
    residents.sample(number, [&](Resident& entry) {
      if (entry.counter < count) {
        count = entry.counter;
        least = entry.id;
      }
      if (entry.counter > 1 && number % kDrawn == 0) --entry.counter;
      return Verdict::kKeep;
    });
  }
  if (count == 256) return false;
  return residents.find(least, [](Resident&) { return Verdict::kEvict; }) == Verdict::kEvict;
}

}  // namespace larder::eviction
