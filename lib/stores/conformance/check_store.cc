// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/store_conformance.h"

#include <exception>
#include <new>
#include <utility>

#include "stores/conformance/trial.h"

namespace larder {
namespace {

using stores::conformance::Check;
using stores::conformance::Trial;

std::vector<Check> all_checks() {
  using namespace stores::conformance;
  std::vector<Check> checks;
  for (const auto& some : {value_checks(), batch_checks(), thread_checks(), version_checks(), outage_checks()}) {
    checks.insert(checks.end(), some.begin(), some.end());
  }
  return checks;
}

// Whether the options make sense.
bool check_options(Trial& trial) {
  using namespace stores::conformance;
  const ConformanceOptions& options = trial.options();
  constexpr std::size_t kPrefixBytesMax = kKeyBytesMax - kAppendedBytesMax;
  const bool pair = trial.require(static_cast<bool>(options.stop) == static_cast<bool>(options.start),
                                  ".stop and .start", "both or neither", options.stop ? ".stop alone" : ".start alone",
                                  "one of them is forgotten, and outages would not be tried");
  const bool time =
      trial.require(options.patience >= Milliseconds{0}, ".patience", "0 ms or more",
                    std::to_string(options.patience.count()) + " ms", "a difference, the wrong way round");
  const bool prefix = trial.require(options.key_prefix.size() <= kPrefixBytesMax, ".key_prefix",
                                    "at most " + std::to_string(kPrefixBytesMax) + " bytes",
                                    std::to_string(options.key_prefix.size()) + " bytes",
                                    "it is meant to try long keys, which the checks do by themselves");
  return pair && time && prefix;
}

}  // namespace

std::string ConformanceFailure::to_string() const {
  return check + ": " + did + ": expected " + expected + ", got " + got + " (often: " + hint + ")";
}

std::vector<ConformanceFailure> check_store(const ConformanceOptions& options) {
  Trial trial(options);
  trial.begin("options", "");
  if (!check_options(trial)) return std::move(trial).notes();
  trial.begin("open", "it threw, or gave null: is what it connects to there?");
  if (!trial.open()) return std::move(trial).notes();
  for (const Check& check : all_checks()) {
    trial.begin(check.name, check.hint);
    try {
      if (check.applies == nullptr || check.applies(trial)) check.run(trial);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (...) {
      trial.note_thrown("the calls of this check", stores::conformance::what_was_thrown());
    }
    trial.clean_up();
  }
  return std::move(trial).notes();
}

std::vector<std::string_view> conformance_checks() {
  std::vector<std::string_view> names = {"options", "open"};
  for (const Check& check : all_checks()) names.push_back(check.name);
  return names;
}

}  // namespace larder
