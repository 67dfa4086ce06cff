// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The binary format of libCacheSim's traces: records of 24 bytes without a header, little-endian.
//
//     bytes  field
//     4      u32 time in seconds
//     8      u64 object
//     4      u32 size in bytes
//     8      i64 number of the next request for the object; not read: the simulator finds it out itself
#include <array>

#include "simulator/trace_formats.h"

namespace larder::simulator {

std::string parse_oracle_general(TraceSource& source, const TraceOptions& options, Trace& trace) {
  std::array<unsigned char, 24> record{};
  NumberedKeys keys;
  while (true) {
    const std::size_t got = source.read(record.data(), record.size());
    if (got == 0) break;
    if (got < record.size()) {
      return "is truncated: " + std::to_string(got) + " bytes after its last whole record of 24";
    }
    if (trace.ids.size() >= options.requests_max) return too_many_requests(options);
    trace.times.push_back(little_endian_32(&record[0]));
    trace.ids.push_back(keys.number_of(little_endian_64(&record[4])));
    trace.sizes.push_back(little_endian_32(&record[12]));
  }
  trace.objects = keys.size();
  return {};
}

}  // namespace larder::simulator
