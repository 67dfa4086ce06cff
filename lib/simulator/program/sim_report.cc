// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/program/sim_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/bytes_text.h"
#include "base/json_text.h"

namespace larder::simulator {
namespace {

double seconds_of(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

std::string right(std::string text, std::size_t width) {
  text.insert(0, width - std::min(width, text.size()), ' ');
  return text;
}

std::string heading(const TraceReport& report, const SimulationPlan& plan) {
  const SimulationResult& result = report.result;
  std::string text = printable(report.name) + " (" + report.format + "): " + count_text(result.requests) +
                     " requests, " + count_text(result.footprint.objects) + " objects";
  if (result.footprint.bytes) text += ", " + size_text({*result.footprint.bytes, true});
  if (plan.sample) text += "; sampled: " + count_text(result.sampled_objects) + " objects";
  return text + "\n";
}

// One figure for each size and policy, as many policies side by side as a line has room for.
std::string block(const TraceReport& report, const char* title, double (Counts::*ratio)() const, bool bytes_only) {
  constexpr std::size_t kSizeWidth = 14;
  constexpr std::size_t kLineWidth = 110;
  const SimulationResult& result = report.result;
  const std::size_t policies = result.rows.size() / result.capacities.size();
  const std::vector<std::string> labels = size_labels(result.capacities);
  std::string text;
  for (std::size_t from = 0; from < policies;) {
    std::size_t to = from;
    std::string line = right(title, kSizeWidth + 10);
    for (; to < policies; ++to) {
      const std::string column = right(result.rows[to].policy, std::max<std::size_t>(8, result.rows[to].policy.size()));
      if (to > from && line.size() + 2 + column.size() > kLineWidth) break;
      line += "  " + column;
    }
    text += line + "\n";
    for (std::size_t size = 0; size < result.capacities.size(); ++size) {
      const Capacity& capacity = result.capacities[size];
      if (bytes_only && !result.footprint.bytes) continue;
      const std::uint64_t all = capacity.in_bytes ? result.footprint.bytes.value_or(0) : result.footprint.objects;
      const double share = 100 * static_cast<double>(capacity.number) / static_cast<double>(all);
      line = right(labels[size], kSizeWidth) + " " + right(decimal_text(share, 2) + " %", 9);
      for (std::size_t policy = from; policy < to; ++policy) {
        const SimulationRow& row = result.rows[size * policies + policy];
        line += "  " + right(decimal_text(100 * (row.counts.*ratio)(), 2), std::max<std::size_t>(8, row.policy.size()));
      }
      text += line + "\n";
    }
    from = to;
  }
  return text;
}

std::string json_row(const SimulationResult& result, const SimulationRow& row) {
  const double seconds = seconds_of(row.time);
  const double speed = seconds > 0 ? static_cast<double>(result.requests) / seconds : 0;
  return "{\"size\": " + std::to_string(row.capacity.number) +
         ", \"unit\": " + (row.capacity.in_bytes ? "\"bytes\"" : "\"objects\"") +
         ", \"policy\": " + base::json_text(row.policy) + ", \"requests\": " + std::to_string(row.counts.requests) +
         ", \"misses\": " + std::to_string(row.counts.misses) +
         ", \"miss_ratio\": " + decimal_text(row.counts.miss_ratio(), 6) + ", \"byte_miss_ratio\": " +
         (result.footprint.bytes ? decimal_text(row.counts.byte_miss_ratio(), 6) : std::string("null")) +
         ", \"seconds\": " + decimal_text(seconds, 6) + ", \"requests_per_second\": " + decimal_text(speed, 0) +
         ", \"one_pass\": " + (row.one_pass ? "true" : "false") + "}";
}

}  // namespace

std::string table_of(const std::vector<TraceReport>& reports, const SimulationPlan& plan) {
  std::string text;
  for (const TraceReport& report : reports) {
    const SimulationResult& result = report.result;
    text += (text.empty() ? "" : "\n") + heading(report, plan);
    text += block(report, "% of requests missed", &Counts::miss_ratio, false);
    if (result.footprint.bytes) text += block(report, "% of bytes missed", &Counts::byte_miss_ratio, true);
    if (std::any_of(result.rows.begin(), result.rows.end(), [](const SimulationRow& row) { return row.one_pass; })) {
      text += "lru: all sizes in one pass. ";
    }
    text += "Simulated in " + decimal_text(seconds_of(result.time), 2) + " s.\n";
  }
  return text;
}

std::string tsv_of(const std::vector<TraceReport>& reports) {
  std::string text = "trace\tsize\tpolicy\trequests\tmiss_ratio\tbyte_miss_ratio\n";
  for (const TraceReport& report : reports) {
    for (const SimulationRow& row : report.result.rows) {
      text += printable(report.name) + "\t" + row.capacity.text() + "\t" + row.policy + "\t" +
              std::to_string(row.counts.requests) + "\t" + decimal_text(row.counts.miss_ratio(), 6) + "\t" +
              (report.result.footprint.bytes ? decimal_text(row.counts.byte_miss_ratio(), 6) : "-") + "\n";
    }
  }
  return text;
}

std::string json_of(const std::vector<TraceReport>& reports) {
  std::string text = "{\"traces\": [";
  for (const TraceReport& report : reports) {
    const SimulationResult& result = report.result;
    text += &report == &reports.front() ? "\n" : ",\n";
    text +=
        "{\"trace\": " + base::json_text(report.name) + ", \"format\": " + base::json_text(report.format) +
        ", \"operations\": " + std::to_string(result.requests) +
        ", \"objects\": " + std::to_string(result.footprint.objects) +
        ", \"bytes\": " + (result.footprint.bytes ? std::to_string(*result.footprint.bytes) : "null") +
        ", \"sampled_objects\": " + (result.sampled_objects == 0 ? "null" : std::to_string(result.sampled_objects)) +
        ", \"seconds\": " + decimal_text(seconds_of(result.time), 6) + ", \"rows\": [";
    for (const SimulationRow& row : result.rows) {
      text += (&row == &result.rows.front() ? "\n  " : ",\n  ") + json_row(result, row);
    }
    text += "]}";
  }
  return text + "\n]}\n";
}

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, 1, ',');
  return text;
}

std::string size_text(const Capacity& capacity) {
  if (!capacity.in_bytes) return count_text(capacity.number);
  return base::bytes_text(capacity.number);
}

std::vector<std::string> size_labels(const std::vector<Capacity>& capacities) {
  std::vector<std::string> labels;
  for (const Capacity& one : capacities) {
    const bool is_shared = std::any_of(capacities.begin(), capacities.end(), [&](const Capacity& other) {
      return other.number != one.number && size_text(other) == size_text(one);
    });
    labels.push_back(is_shared && one.in_bytes ? count_text(one.number) + " B" : size_text(one));
  }
  return labels;
}

std::string decimal_text(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return result;
}

}  // namespace larder::simulator
