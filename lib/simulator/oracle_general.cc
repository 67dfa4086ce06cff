// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The binary format of libCacheSim's traces: records of 24 bytes without a header, little-endian.
//
//     bytes  field
//     4      u32 time in seconds; not read: nothing expires
//     8      u64 object
//     4      u32 size in bytes
//     8      i64 number of the next request for the object; not read: the simulator finds it out itself
#include <array>

#include "simulator/trace_formats.h"

namespace larder::simulator {

std::string parse_oracle_general(TraceSource& source, const TraceOptions& options, Trace& trace) {
  constexpr std::size_t kRecordBytes = 24;
  std::array<unsigned char, 64 * kRecordBytes> records{};
  NumberedKeys keys;
  while (const std::size_t got = source.read(records.data(), records.size())) {
    const std::size_t end = got / kRecordBytes * kRecordBytes;
    if (end / kRecordBytes > options.requests_max - trace.ids.size()) return too_many_requests(options);
    for (std::size_t at = 0; at < end; at += kRecordBytes) keys.prepare(little_endian_64(&records[at + 4]));
    for (std::size_t at = 0; at < end; at += kRecordBytes) keys.prepare_more(little_endian_64(&records[at + 4]));
    for (std::size_t at = 0; at < end; at += kRecordBytes) {
      trace.ids.push_back(keys.number_of(little_endian_64(&records[at + 4])));
      trace.sizes.push_back(little_endian_32(&records[at + 12]));
    }
    if (end < got) return "is truncated: " + std::to_string(got - end) + " bytes after its last whole record of 24";
  }
  trace.objects = keys.size();
  return {};
}

}  // namespace larder::simulator
