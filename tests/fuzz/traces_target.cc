// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "fuzz/traces_target.h"

#include <algorithm>
#include <string_view>

#include "simulator/trace.h"

namespace larder::fuzz {

std::string run_trace(std::span<const std::uint8_t> bytes) {
  using simulator::Trace;
  if (bytes.size() < 2) return {};
  simulator::TraceOptions options{.requests_max = 10'000, .bytes_max = 1 << 22, .line_bytes_max = 1'000};
  if (bytes[0] % 8 < 5) options.format = static_cast<Trace::Format>(bytes[0] % 8);
  if (bytes[1] % 4 == 0) options.columns = "key=2,size=1";
  if (bytes[1] % 4 == 1) options.columns = "time=1,key=2,op=3,ttl=4";
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()) + 2, bytes.size() - 2);
  const simulator::TraceResult result = simulator::parse_trace(file, "some", options);
  if (!result) {
    const bool in_a_line = result.error.starts_with("some: ") && result.error.find('\n') == std::string::npos;
    return in_a_line ? "" : "a message that is not one line: " + result.error;
  }
  const Trace& trace = *result.trace;
  if (trace.ids.empty() || trace.ids.size() > options.requests_max) return "a trace beyond its limits";
  std::uint32_t seen = 0;
  for (const std::uint32_t id : trace.ids) {
    if (id > seen) return "ids are not numbered in order of first appearance";
    seen += id == seen ? 1 : 0;
  }
  if (seen != trace.objects) return "objects are not those that appear";
  for (const std::size_t size : {trace.sizes.size(), trace.ops.size(), trace.moments.size()}) {
    if (size != 0 && size != trace.ids.size()) return "a column that is not as long as the trace";
  }
  return {};
}

}  // namespace larder::fuzz
