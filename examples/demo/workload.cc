// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Traces and Zipf requests, brought into one form.
#include "workload.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <random>
#include <utility>

#include "bench/workload/zipf.h"
#include "figures.h"
#include "simulator/trace.h"

namespace demo {
namespace {

constexpr std::uint32_t kTracePayloadBytesMax = 64 * 1024;  // larger objects of a trace become rows of this size

// Of 2^64, so that mix(...) < threshold holds for that share of the requests.
std::uint64_t threshold(double percent) {
  return percent >= 100 ? UINT64_MAX : static_cast<std::uint64_t>(std::ldexp(percent / 100, 64));
}

}  // namespace

std::optional<Workload> Workload::make(const Options& options, std::string& error) {
  Workload workload;
  workload.seed_ = mix(options.seed);
  workload.update_threshold_ = threshold(options.updates_percent);
  if (options.made_workload()) {
    workload.make_zipf(options);
  } else if (!workload.read(options, error)) {
    return std::nullopt;
  }
  workload.count_data();
  return workload;
}

bool Workload::read(const Options& options, std::string& error) {
  larder::simulator::TraceResult result = larder::simulator::read_trace(options.trace);
  if (!result) {
    error = result.error;
    return false;
  }
  larder::simulator::Trace& trace = *result.trace;
  const std::size_t whole = trace.ids.size();
  const std::size_t taken = std::min<std::uint64_t>(whole, options.requests.value_or(whole));
  ids_ = std::move(trace.ids);
  ids_.resize(taken);
  // Ids are numbered in order of first appearance, so those of a prefix are dense, too.
  payload_bytes_.assign(std::size_t{*std::max_element(ids_.begin(), ids_.end())} + 1,
                        static_cast<std::uint32_t>(options.value_bytes.value_or(kValueBytes)));
  sizes_title_ = bytes_text(payload_bytes_.front());
  if (!options.value_bytes && !trace.sizes.empty()) take_sizes(trace.sizes);
  title_ = std::filesystem::path(options.trace).filename().string();
  title_ += " (" + description_of(trace) + ")";
  if (taken < whole) title_ += ", the first of " + count_text(whole) + " requests";
  return true;
}

// A row has the size that its object has when it is first asked for.
void Workload::take_sizes(const std::vector<std::uint32_t>& sizes) {
  constexpr auto kMin = static_cast<std::uint32_t>(kPayloadBytesMin);
  std::uint32_t next = 0;
  std::uint64_t capped = 0;
  for (std::size_t i = 0; i < ids_.size() && next < payload_bytes_.size(); ++i) {
    if (ids_[i] != next) continue;
    payload_bytes_[next++] = std::clamp(sizes[i], kMin, kTracePayloadBytesMax);
    if (sizes[i] > kTracePayloadBytesMax) ++capped;
  }
  sizes_title_ = "the sizes in the trace";
  if (capped > 0) sizes_title_ += ", " + count_text(capped) + " of them cut to " + bytes_text(kTracePayloadBytesMax);
}

// Ranks are dealt out to ids at random: rows that are asked for often must not be neighbours on the database's pages.
void Workload::make_zipf(const Options& options) {
  std::vector<std::uint32_t> id_of_rank(options.keys);
  std::iota(id_of_rank.begin(), id_of_rank.end(), 0u);
  std::shuffle(id_of_rank.begin(), id_of_rank.end(), std::mt19937_64(options.seed));
  larder::bench::Zipf zipf(options.keys, options.skew, options.seed);
  ids_.resize(options.requests.value_or(kRequests));
  for (std::uint32_t& id : ids_) id = id_of_rank[zipf.next()];
  payload_bytes_.assign(options.keys, static_cast<std::uint32_t>(options.value_bytes.value_or(kValueBytes)));
  sizes_title_ = bytes_text(payload_bytes_.front());
  title_ = "Zipf, exponent " + decimal_text(options.skew, 2);
}

void Workload::count_data() {
  data_bytes_ = 0;
  for (std::uint32_t id = 0; id < payload_bytes_.size(); ++id) {
    data_bytes_ += std::string("row:").size() + std::to_string(id).size() + sizeof(std::uint32_t) + payload_bytes_[id];
  }
}

}  // namespace demo
