// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/simulation.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <new>
#include <thread>
#include <utility>

#include "larder/clock.h"
#include "simulator/belady.h"
#include "simulator/sampling.h"
#include "simulator/simulated_cache.h"
#include "simulator/stack_distances.h"

namespace larder::simulator {
namespace {

void cut(Trace& trace, std::size_t requests) {
  if (requests >= trace.ids.size()) return;
  trace.ids.resize(requests);
  // Ids are numbered in order of first appearance, so those of a prefix are dense, too.
  trace.objects = *std::max_element(trace.ids.begin(), trace.ids.end()) + 1;
  if (!trace.sizes.empty()) trace.sizes.resize(requests);
  if (!trace.ops.empty()) trace.ops.resize(requests);
  if (!trace.moments.empty()) trace.moments.resize(requests);
}

Footprint footprint_of(const Trace& trace) {
  Footprint footprint{trace.objects, std::nullopt};
  if (trace.sizes.empty()) return footprint;
  std::uint64_t bytes = 0;
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < trace.ids.size(); ++i) {
    if (trace.ids[i] != seen) continue;
    ++seen;
    bytes += trace.sizes[i];
  }
  footprint.bytes = bytes;
  return footprint;
}

Counts gets_of(const Trace& trace) {
  Counts counts;
  for (std::size_t i = 0; i < trace.ids.size(); ++i) {
    if (!trace.ops.empty() && trace.ops[i] != Trace::Op::kGet) continue;
    ++counts.requests;
    counts.bytes += trace.sizes.empty() ? 0 : trace.sizes[i];
  }
  return counts;
}

class Simulation {
 public:
  Simulation(Trace trace, const SimulationPlan& plan) : plan_(plan), trace_(std::move(trace)) {}

  SimulationResult run(OnProgress on_progress) {
    const std::chrono::nanoseconds begun = Clock::system().monotonic();
    if (plan_.requests) cut(trace_, *plan_.requests);
    if (plan_.unit_sizes) trace_.sizes.clear();
    for (std::uint32_t& size : trace_.sizes) size = std::max<std::uint32_t>(size, 1);
    result_.requests = trace_.ids.size();
    result_.footprint = footprint_of(trace_);
    gets_ = gets_of(trace_);
    if (gets_.requests == 0) {
      result_.error = "has no get, and nothing else is counted";
      return std::move(result_);
    }
    if (plan_.sample) {
      trace_ = sampled(trace_, *plan_.sample, plan_.seed);
      result_.sampled_objects = trace_.objects;
    }
    if (!find_capacities()) return std::move(result_);
    plan_work();
    work(on_progress);
    if (out_of_memory_) result_.error = "no memory for this: fewer --jobs or a --sample need less";
    result_.time = Clock::system().monotonic() - begun;
    return std::move(result_);
  }

 private:
  // A replay, for one row, or a pass, for several.
  struct Piece {
    const Policy* policy = nullptr;
    std::vector<std::size_t> rows;
  };

  // Whether there is one.
  bool find_capacities() {
    std::string in_bytes;
    std::string too_small;
    const auto add = [](std::string& list, const std::string& size) { list += (list.empty() ? "" : ", ") + size; };
    for (const CacheSize& size : plan_.sizes) {
      const auto capacity = capacity_of(size, result_.footprint);
      if (!capacity) {
        add(in_bytes, Capacity{static_cast<std::uint64_t>(size.number), true}.text());
        continue;
      }
      const auto known = std::find(result_.capacities.begin(), result_.capacities.end(), *capacity);
      if (known != result_.capacities.end()) continue;  // small ranges meet
      if (trace_.objects == 0 || simulated(*capacity) == 0) {
        add(too_small, capacity->text());
        continue;
      }
      result_.capacities.push_back(*capacity);
    }
    if (!in_bytes.empty()) {
      result_.left_out =
          "no cache in bytes (" + in_bytes +
          "), as the trace has no sizes, or they are not to count: give its size in objects or in percent";
    }
    if (!too_small.empty()) {
      result_.left_out += result_.left_out.empty() ? "" : "; ";
      result_.left_out += "a sample too small for a cache of " + too_small +
                          ": nothing would be in it: a larger --sample, or a larger cache";
    }
    if (result_.capacities.empty()) result_.error = std::exchange(result_.left_out, {});
    return !result_.capacities.empty();
  }

  std::uint64_t simulated(const Capacity& capacity) const {
    if (!plan_.sample) return capacity.number;
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(capacity.number) * *plan_.sample));
  }
  static Weights weights_of(const Capacity& capacity) { return capacity.in_bytes ? Weights::kSizes : Weights::kOnes; }

  void plan_work() {
    std::vector<Piece> one_pass[2];
    for (const Capacity& capacity : result_.capacities) {
      for (const Policy& policy : plan_.policies) {
        const std::size_t row = result_.rows.size();
        result_.rows.push_back({policy.name, capacity, {}, {}, false});
        if (policy.kind == Policy::Kind::kBelady || policy.kind == Policy::Kind::kBeladySize) needs_next_ = true;
        if (policy.kind == Policy::Kind::kLru && one_pass_pays(weights_of(capacity))) {
          result_.rows.back().one_pass = true;
          std::vector<Piece>& passes = one_pass[static_cast<std::size_t>(weights_of(capacity))];
          if (passes.empty()) passes.push_back({&policy, {}});
          passes.front().rows.push_back(row);
        } else {
          pieces_.push_back({&policy, {row}});
        }
      }
    }
    for (std::vector<Piece>& passes : one_pass) pieces_.insert(pieces_.begin(), passes.begin(), passes.end());
    for (Piece& piece : pieces_) requests_total_ += piece.rows.empty() ? 0 : trace_.ids.size();
  }

  // One pass takes about as long as two or three replays.
  bool one_pass_pays(Weights weights) {
    std::optional<bool>& answer = one_pass_pays_[static_cast<std::size_t>(weights)];
    if (!answer) {
      std::size_t sizes = 0;
      std::uint64_t smallest = UINT64_MAX;
      for (const Capacity& capacity : result_.capacities) {
        if (weights_of(capacity) != weights) continue;
        ++sizes;
        smallest = std::min(smallest, simulated(capacity));
      }
      answer = sizes >= 3 && one_pass_is_exact(trace_, weights, smallest);
    }
    return *answer;
  }

  void work(OnProgress on_progress) {
    if (needs_next_) next_ = next_uses(trace_);
    const auto threads = std::clamp<std::size_t>(plan_.jobs, 1, std::max<std::size_t>(1, pieces_.size()));
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < threads; ++i) {
      others.emplace_back([this] { run_pieces([](double) {}, false); });
    }
    run_pieces(on_progress, true);
    for (std::thread& other : others) other.join();
  }

  // Until there are no more, or another thread has found no memory.
  void run_pieces(OnProgress on_progress, bool tells) {
    std::chrono::nanoseconds told{};
    const auto tick = [&](std::uint64_t requests) {
      const std::uint64_t done = requests_done_.fetch_add(requests, std::memory_order_relaxed) + requests;
      if (tells) {
        if (const auto now = Clock::system().monotonic(); now - told > std::chrono::milliseconds(10)) {
          told = now;
          on_progress(static_cast<double>(done) / static_cast<double>(requests_total_));
        }
      }
      return !out_of_memory_.load(std::memory_order_relaxed);
    };
    try {
      while (!out_of_memory_.load(std::memory_order_relaxed)) {
        const std::size_t piece = next_piece_.fetch_add(1, std::memory_order_relaxed);
        if (piece >= pieces_.size()) break;
        run_piece(pieces_[piece], tick);
      }
    } catch (const std::bad_alloc&) {
      out_of_memory_.store(true, std::memory_order_relaxed);
    }
  }

  void run_piece(const Piece& piece, Tick tick) {
    const std::chrono::nanoseconds begun = Clock::system().monotonic();
    std::vector<std::uint64_t> capacities;
    for (const std::size_t row : piece.rows) capacities.push_back(simulated(result_.rows[row].capacity));
    const SimulationRow& first = result_.rows[piece.rows.front()];
    const Weights weights = weights_of(first.capacity);
    const std::vector<Counts> counts = first.one_pass
                                           ? lru_curve(trace_, weights, capacities, tick)
                                           : std::vector{replay_one(*piece.policy, capacities.front(), weights, tick)};
    const std::chrono::nanoseconds time = Clock::system().monotonic() - begun;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      SimulationRow& row = result_.rows[piece.rows[i]];
      row.counts = plan_.sample ? scaled_up(counts[i], gets_, *plan_.sample) : counts[i];
      row.time = time / counts.size();
    }
  }

  Counts replay_one(const Policy& policy, std::uint64_t capacity, Weights weights, Tick tick) const {
    if (policy.factory != nullptr) {
      SimulatedCache cache(policy.factory(plan_.seed), trace_.objects, capacity, plan_.seed);
      return replay(cache, trace_, weights, tick);
    }
    const bool by_size = policy.kind == Policy::Kind::kBeladySize && weights == Weights::kSizes;
    BeladyCache cache(trace_, next_, capacity,
                      by_size ? BeladyCache::Order::kDistanceTimesSize : BeladyCache::Order::kDistance);
    return replay(cache, trace_, weights, tick);
  }

  const SimulationPlan& plan_;
  Trace trace_;  // or its sample
  Counts gets_;  // of the whole trace
  SimulationResult result_;
  std::vector<Piece> pieces_;
  std::optional<bool> one_pass_pays_[2];
  bool needs_next_ = false;
  std::vector<std::uint32_t> next_;
  std::uint64_t requests_total_ = 0;
  std::atomic<std::uint64_t> requests_done_{0};
  std::atomic<std::size_t> next_piece_{0};
  std::atomic<bool> out_of_memory_{false};
};

}  // namespace

SimulationResult simulate(Trace trace, const SimulationPlan& plan, OnProgress on_progress) {
  return Simulation(std::move(trace), plan).run(on_progress);
}

}  // namespace larder::simulator
