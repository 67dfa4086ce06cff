// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One key a line; empty lines do not count.
#include "simulator/trace_formats.h"

namespace larder::simulator {

std::string parse_keys(TraceSource& source, const TraceOptions& options, Trace& trace) {
  TraceLines lines(source, options.line_bytes_max);
  TextKeys keys;
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    if (trace.ids.size() >= options.requests_max) return too_many_requests(options);
    trace.ids.push_back(keys.number_of(*line));
  }
  trace.objects = keys.size();
  return lines.error();
}

}  // namespace larder::simulator
