// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Tries whether a backing store keeps what larder/backing_store.h asks of it. Needs no test framework. CMake target:
// larder::store_conformance.
//
//     const auto failures = larder::check_store({.open = [] { return std::make_shared<Users>(); }});
//     for (const larder::ConformanceFailure& one : failures) std::cerr << one.to_string() << '\n';
//     return failures.empty() ? 0 : 1;
//
// What it cannot see: what a loss of power takes; a write that lands long after a time-out; what is acknowledged before
// it is written, if it is written by the time that the store is opened a second time, if all stores of the process
// share what is not written yet, or if only one can be open at a time and its destructor writes the rest.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "larder/backing_store.h"
#include "larder/clock.h"

namespace larder {

struct ConformanceFailure {
  std::string check;     // its name, one of conformance_checks()
  std::string did;       // what was done
  std::string expected;  // what should have come of it
  std::string got;
  std::string hint;  // what in a store often causes it

  std::string to_string() const;  // in one line
};

struct ConformanceOptions {
  // Opens the store, and later the same one again, first while the suite still has what this gave before, and then
  // when it has let go of all. Required; null, or an exception, is a failure, but for a second one beside the first: a
  // store need not be open twice at a time.
  std::function<std::shared_ptr<BackingStore>()> open = {};
  // Stands before every key. Keys that begin so are overwritten and erased: nothing else may use them meanwhile.
  // At most 65,471 bytes: checks append up to 64.
  std::string key_prefix = "conformance/";
  // Whether a store that is opened again has what was acknowledged before.
  bool persists = true;
  // Make the store fail as it does when its server has gone, and work again, with what was acknowledged if it persists.
  // Both return when it is so. Neither of them: outages are not tried.
  std::function<void()> stop = {};
  std::function<void()> start = {};
  // How long after start() the store may still refuse writes. Not negative.
  Milliseconds patience{10'000};
  // Called before each check with its name, also before one that the store's capabilities leave out, by the thread that
  // called check_store: a store that hangs is in the check that was named last. What it throws ends the suite, and
  // comes out of check_store.
  std::function<void(std::string_view check)> on_check = {};
};

// Runs every check that the store's capabilities and the options ask for, one after another, some with eight threads.
// Some seconds, for a store that answers in a millisecond. Options that make no sense fail the check "options", and
// nothing else is run. Empty: it conforms; otherwise the first three failures of each check, in order. Begin with the
// very first: the simple checks come first, and others fail of what these find. Nothing is thrown but std::bad_alloc,
// and what on_check throws.
std::vector<ConformanceFailure> check_store(const ConformanceOptions& options);

// The names of all checks, in the order in which they run.
std::vector<std::string_view> conformance_checks();

}  // namespace larder
