// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/json_file.h"

#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include "bench/peers/registry.h"
#include "bench/side_by_side/machine.h"
#include "bench/workload/process_memory.h"

namespace larder::bench {
namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) continue;
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

// An object or array under construction: texts that are JSON already.
class Joined {
 public:
  explicit Joined(const char* brackets) : brackets_(brackets) {}
  void add(const std::string& json) { text_ += (text_.empty() ? "" : ", ") + json; }
  void text(std::string_view name, std::string_view value) { add(quoted(name) + ": " + quoted(value)); }
  void number(std::string_view name, double value) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.8g", value);
    add(quoted(name) + ": " + (std::isfinite(value) ? digits : "null"));
  }
  void truth(std::string_view name, bool value) { add(quoted(name) + (value ? ": true" : ": false")); }
  void json(std::string_view name, const std::string& value) { add(quoted(name) + ": " + value); }
  std::string str() const { return brackets_[0] + text_ + brackets_[1]; }

 private:
  const char* brackets_;
  std::string text_;
};

std::string json_of(const Spread& spread) {
  Joined object("{}");
  object.number("median", spread.median);
  object.number("min", spread.min);
  object.number("max", spread.max);
  return object.str();
}

std::string json_of(const std::vector<Verdict>& verdicts, std::string_view peer) {
  Joined array("[]");
  for (const Verdict& verdict : verdicts) {
    if (!verdict.claim.starts_with(std::string(peer) + ":")) continue;
    Joined object("{}");
    object.text("pledge", verdict.claim);
    object.number("figure", verdict.figure);
    object.text("unit", verdict.unit);
    object.truth("met", verdict.met);
    array.add(object.str());
  }
  return array.str();
}

std::string json_of(const CellResult& result, const Samples& peer) {
  const Samples* larder = result.peer(kDefaultLarder);
  Joined object("{}");
  object.text("row", name_of(result.cell.row));
  object.number("entries", static_cast<double>(result.cell.entries));
  object.number("value_bytes", result.cell.value_bytes);
  object.text("keys", name_of(result.cell.draw));
  object.number("threads", result.cell.threads);
  object.text("peer", peer.facts.name);
  object.text("policy", peer.facts.policy);
  object.text("allocator", process_allocator());
  object.json("cpu_ns", json_of(spread_of(peer.cpu_ns)));
  object.json("wall_ns", json_of(spread_of(peer.wall_ns)));
  object.json("cpu_ratio", json_of(peer.cpu_ratio()));
  object.json("wall_ratio", json_of(peer.wall_ratio()));
  if (larder != nullptr) object.json("cpu_ratio_to_larder", json_of(peer.cpu_ratio_to(*larder)));
  object.number("operations", static_cast<double>(peer.operations));
  object.number("hit_ratio", peer.hit_ratio());
  if (result.optimal_hit_ratio) object.number("optimal_hit_ratio", *result.optimal_hit_ratio);
  object.number("entries_held", static_cast<double>(peer.entries_held));
  object.number("bytes_used", static_cast<double>(peer.bytes_used));
  object.json("pledges", json_of(result.verdicts, peer.facts.name));
  return object.str();
}

std::string json_of(const ProcessResult& result) {
  Joined object("{}");
  object.text("row", name_of(result.row));
  object.text("title", result.title);
  object.text("peer", result.facts.name);
  object.text("policy", result.facts.policy);
  object.text("allocator", result.allocator);
  Joined figures("{}");
  for (const auto& [name, value] : result.figures) figures.number(name, value);
  object.json("figures", figures.str());
  if (!result.error.empty()) object.text("error", result.error);
  object.json("pledges", json_of(result.verdicts, result.facts.name));
  return object.str();
}

template <typename Write>
void write_array(std::ostream& out, std::string_view name, Write&& write_all) {
  out << ",\n\"" << name << "\": [";
  bool first = true;
  write_all([&](const std::string& json) {
    out << (first ? "\n  " : ",\n  ") << json;
    first = false;
  });
  out << "\n]";
}

}  // namespace

void write_json(std::ostream& out, const BenchOptions& options, const Results& results) {
  Joined about("{}");
  for (const auto& [name, text] : circumstances()) about.text(name, text);
  about.number("rounds", options.rounds);
  about.number("seconds", options.seconds);
  about.truth("overlap", options.pace == Pace::kOverlapped);
  about.text("larder_bound", options.bound_is_memory ? "max_memory" : "max_entries");
  out << "{\n\"circumstances\": " << about.str();
  write_array(out, "rows", [&](auto&& put) {
    for (const CellResult& result : results.cells) {
      for (const Samples& peer : result.peers) put(json_of(result, peer));
    }
  });
  write_array(out, "processes", [&](auto&& put) {
    for (const ProcessResult& result : results.processes) put(json_of(result));
  });
  out << "\n}\n";
}

}  // namespace larder::bench
