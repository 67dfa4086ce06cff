// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Larder with a store behind, written through or back, that forgets what it holds at random: cache and store together
// are to answer as one cache that forgets nothing, and the store alone is to hold what the model holds. Write-back
// writes at random moments, and a part of its writes fail.
#pragma once

#include <memory>
#include <random>

#include "model/larder_subject.h"
#include "support/scripted_store.h"

namespace larder::model {

// What would be seen if the way to the store and back had a defect.
enum class StoreDefect {
  kNone,
  kLosesAPut,        // one in fifty does not arrive
  kLosesAnErase,     // one in five
  kLosesTheEnd,      // values arrive without it
  kLoadsNoEnd,       // and come back without it
  kLoadsThePast,     // one load in twenty brings what was before
  kWritesToAnother,  // one put in fifty goes to a key of another command
  // Of write-back alone:
  kWritesAnotherLater,  // one write in twenty arrives after the next one of its key: a deletion before the put
  kRepeatsABatch,       // one batch in ten arrives once more when the next one has
  kLosesWhatHasEnded    // what has expired by the time it is written
};

class StoredSubject final : public Subject {
 public:
  StoredSubject(const RunSetup& setup, StoreOptions::Writes writes, StoreDefect defect = StoreDefect::kNone);

  // kForEach and kDbsize look at the store.
  Answer run(const Command& command) override;
  ScanStep scan_step(std::uint64_t, std::uint32_t) override { return {}; }
  std::vector<Removal> take_removals() override { return {}; }
  Usage usage() override { return inside_->usage(); }
  void set_ceiling(std::uint64_t bytes) override { inside_->set_ceiling(bytes); }
  std::string complaints() override { return inside_->complaints(); }
  std::string finish() override { return inside_->finish(); }

 private:
  Answer rows();
  void write_some(const Command& command);
  void forget(const Command& command);

  const StoreOptions::Writes writes_;
  std::shared_ptr<support::ScriptedStore> store_;
  std::unique_ptr<LarderSubject> inside_;
  std::mt19937_64 random_;
};

// REQUIRES: it lives as long as the subjects.
SubjectFactory stored(StoreOptions::Writes writes, StoreDefect defect = StoreDefect::kNone);

}  // namespace larder::model
