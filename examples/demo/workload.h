// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What is asked of the database: a trace from a file, or requests made by a Zipf distribution. The same sequence for
// each run: which requests are updates follows from the seed and the request's number.
//
// Thread safety: immutable once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "options.h"
#include "row.h"

namespace demo {

class Workload {
 public:
  // No value, and what is wrong in `error`, if the trace cannot be read.
  static std::optional<Workload> make(const Options& options, std::string& error);

  std::size_t requests() const { return ids_.size(); }
  std::size_t rows() const { return payload_bytes_.size(); }
  std::uint32_t id(std::size_t request) const { return ids_[request]; }
  bool is_update(std::size_t request) const { return mix(seed_ ^ request) < update_threshold_; }
  std::uint32_t payload_bytes(std::uint32_t id) const { return payload_bytes_[id]; }

  std::uint64_t data_bytes() const { return data_bytes_; }  // of all rows: key and value
  const std::string& title() const { return title_; }       // one line on where it comes from
  const std::string& sizes_title() const { return sizes_title_; }

 private:
  Workload() = default;
  bool read(const Options& options, std::string& error);
  void make_zipf(const Options& options);
  void take_sizes(const std::vector<std::uint32_t>& sizes);
  void count_data();

  std::vector<std::uint32_t> ids_;            // by request
  std::vector<std::uint32_t> payload_bytes_;  // by id
  std::uint64_t data_bytes_ = 0;
  std::uint64_t seed_ = 0;
  std::uint64_t update_threshold_ = 0;
  std::string title_;
  std::string sizes_title_;
};

}  // namespace demo
