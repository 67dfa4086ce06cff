// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A stand-in for Larder made of a second naive model, with a memory bound kept in a simple way, and with one defect
// that can be switched on. The comparison must find each of them: otherwise it would not find it in Larder either.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/subject.h"

namespace larder::model {

enum class Defect : std::uint8_t {
  kNone,
  kSetKeepsTtl,       // a plain set leaves the time to live
  kIncrDropsTtl,      // incr takes it away
  kGetRangeOffByOne,  // the last index is clamped to the size, not to the last byte, when both are negative
  kExpiresLate,       // by a millisecond
  kIncrWraps,         // past the largest integer
  kAppendToWrongKey,  // when the value grows past 1,024 bytes
  kStaleGet,          // get answers what was there before the last write, now and then
  kRenameLosesTtl,
  kMsetNxStoresSome,  // the keys that are not there, though another is
  kMissedConflict,    // compare_and_set stores though the value has changed
  kScanSkipsAKey,
  kEvictionNotReported,
  kEvictedValueWrong,  // the listener gets another value
  kMemoryOverTheBound,
  kRefusalChangesValue,  // a write that answers kOutOfMemory was done all the same
  kExpiryReportedTwice,
  kHandleChanges,         // a held value changes when the key is written
  kGlobIgnoresInversion,  // [^a] is read as [a]
  kBitFieldSaturatesLow,  // a saturating field stops one too early
};
inline constexpr int kDefects = static_cast<int>(Defect::kBitFieldSaturatesLow) + 1;
const char* name_of(Defect defect);

std::unique_ptr<Subject> make_defective(const RunSetup& setup, Defect defect);

}  // namespace larder::model
