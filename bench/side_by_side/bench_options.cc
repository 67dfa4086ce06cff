// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/bench_options.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

#include "bench/peers/registry.h"

namespace larder::bench {
namespace {

constexpr std::string_view kHelp = R"(usage: larder-bench [options]

Larder and its peers side by side: in one process, in turns, thread CPU time and wall time per operation, medians, and
ratios to the ordinary C++ cache (sharded-lru). A table on stdout, progress on stderr. docs/benchmarks.md says what each
row means. The default subset takes about 15 minutes.

  --full                 every row at every size, value size, key distribution and number of threads: about an hour
  --only ROW[,ROW]       only these rows: get-hit get-miss set mix batch insert read-through bytes growth pause
  --entries N[,N]        instead of 100k,1M,10M (insert and read-through: 100k,1M); k, M and G are understood
  --values BYTES[,...]   instead of 32, and 256 at 1M entries. 10M entries and more are run with 32 bytes at most
  --keys DRAW[,DRAW]     zipf, uniform: instead of what each row has by default
  --threads N[,N]        instead of 1, and 2 for some rows at 1M entries
  --peers NAME[,NAME]    instead of the default ones; the baseline always runs. --list names them all. "policies" stands
                         for Larder with each of its eviction policies, "larder" for the default one
  --rounds N             rounds that count (default 7, at least 3)
  --seconds S            what the baseline takes for one segment (default 0.25); the others do as many operations
  --bound memory|entries Larder's bound where it has to evict: a max_memory that holds as many entries as the others
                         (default), or max_entries
  --overlap              let the processor begin an operation while the one before waits for memory; without it a fence
                         stands between them, as if the program did something else in between
  --memory BYTES         for all caches alive at a time (default: 16G, or 70 % of what is free); else they take turns in groups
  --json FILE            all figures, for programs
  --list                 the peers of this build, and what each does not do
  --help                 this text
)";

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

// A number above zero, with k, M or G behind it as powers of `thousand`.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t thousand) {
  std::uint64_t factor = 1;
  const auto unit = std::string_view("kMG").find(text.empty() ? '\0' : text.back());
  if (!text.empty() && unit != std::string_view::npos) {
    for (std::size_t i = 0; i <= unit; ++i) factor *= thousand;
    text.remove_suffix(1);
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0 || number > UINT64_MAX / factor)
    return {};
  return number * factor;
}

std::optional<double> parse_seconds(const std::string& text) {
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(seconds >= 0.001) || seconds > 60) return {};
  return seconds;
}

std::string list_of_peers() {
  std::string text = "By default:\n";
  const auto add = [&](const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const PeerFacts facts = make_peer(name)->facts();
      text += "  " + name + std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') + facts.note +
              "; policy: " + facts.policy + (facts.batches ? "" : "; no call for batches") + "\n";
    }
  };
  add(default_peers());
  text += "When named:\n";
  add(further_peers());
  text += "Not in this build:\n";
  for (const std::string& missing : missing_peers()) text += "  " + missing + "\n";
  return text;
}

// Reads one option after the other into BenchOptions; the first mistake stays.
class Parser {
 public:
  Parser(int argc, const char* const* argv) : arguments_(argv + 1, argv + argc) {}

  std::variant<BenchOptions, PrintText, Mistake> parse() {
    for (; at_ < arguments_.size(); ++at_) {
      const std::string& option = arguments_[at_];
      if (option == "--help" || option == "-h") return PrintText{std::string(kHelp)};
      if (option == "--list") return PrintText{list_of_peers()};
      read(option);
      if (!mistake_.empty()) return Mistake{mistake_};
    }
    finish();
    if (!mistake_.empty()) return Mistake{mistake_};
    return options_;
  }

 private:
  void read(const std::string& option) {
    if (option == "--full") {
      options_.full = true;
    } else if (option == "--overlap") {
      options_.pace = Pace::kOverlapped;
    } else if (option == "--only") {
      each(option, [&](const std::string& part) { return add(options_.only, row_named(part)); });
    } else if (option == "--entries") {
      each(option,
           [&](const std::string& part) { return add(options_.entries, bounded(part, 1000, 1000, 1'000'000'000)); });
    } else if (option == "--values") {
      each(option, [&](const std::string& part) { return add(options_.values, bounded(part, 1024, 1, 1 << 20)); });
    } else if (option == "--keys") {
      each(option, [&](const std::string& part) { return add(options_.draws, draw_named(part)); });
    } else if (option == "--threads") {
      each(option, [&](const std::string& part) { return add(options_.threads, bounded(part, 1, 1, 256)); });
    } else if (option == "--peers") {
      each(option, [&](const std::string& part) { return add_peer(part); });
    } else if (option == "--rounds") {
      one(option, "a whole number from 3 to 1000",
          [&](const std::string& text) { return assign(options_.rounds, bounded(text, 1, 3, 1000)); });
    } else if (option == "--seconds") {
      one(option, "a number from 0.001 to 60",
          [&](const std::string& text) { return assign(options_.seconds, parse_seconds(text)); });
    } else if (option == "--memory") {
      one(option, "a number of bytes, such as 12G",
          [&](const std::string& text) { return assign(options_.memory_max, parse_number(text, 1024)); });
    } else if (option == "--bound") {
      one(option, "memory or entries", [&](const std::string& text) {
        options_.bound_is_memory = text == "memory";
        return text == "memory" || text == "entries";
      });
    } else if (option == "--json") {
      one(option, "a file name", [&](const std::string& text) {
        options_.json = text;
        return !text.empty();
      });
    } else {
      mistake_ = "unknown option: " + option;
    }
  }

  // Numbers are checked for their range, which the message names only roughly.
  static std::optional<std::uint64_t> bounded(const std::string& text, std::uint64_t thousand, std::uint64_t low,
                                              std::uint64_t high) {
    const auto number = parse_number(text, thousand);
    return number && *number >= low && *number <= high ? number : std::nullopt;
  }
  static std::optional<Draw> draw_named(std::string_view name) {
    for (const Draw draw : {Draw::kZipf, Draw::kUniform}) {
      if (name_of(draw) == name) return draw;
    }
    return {};
  }

  template <typename T, typename U>
  static bool assign(T& to, const std::optional<U>& value) {
    if (value) to = static_cast<T>(*value);
    return value.has_value();
  }
  template <typename T, typename U>
  static bool add(std::vector<T>& to, const std::optional<U>& value) {
    if (value && std::find(to.begin(), to.end(), static_cast<T>(*value)) == to.end())
      to.push_back(static_cast<T>(*value));
    return value.has_value();
  }
  bool add_peer(const std::string& name) {
    if (name == "policies") {
      for (const std::string& peer : policy_peers()) add(options_.peers, std::optional(peer));
      return true;
    }
    if (make_peer(name) == nullptr) return false;
    return add(options_.peers, std::optional(name));
  }

  // The option's value is handed to `take`, which answers whether it makes sense.
  void one(const std::string& option, const std::string& wanted, const std::function<bool(const std::string&)>& take) {
    if (++at_ >= arguments_.size()) {
      mistake_ = option + " needs a value: " + wanted;
    } else if (!take(arguments_[at_])) {
      mistake_ = option + " " + arguments_[at_] + ": " + wanted + " is wanted";
    }
  }
  void each(const std::string& option, const std::function<bool(const std::string&)>& take) {
    if (++at_ >= arguments_.size()) {
      mistake_ = option + " needs a value";
      return;
    }
    const char* where = option == "--peers" ? "; --list names them all" : "";
    for (const std::string& part : split(arguments_[at_])) {
      if (!take(part)) mistake_ = option + ": '" + part + "' is unknown or out of range" + where;
    }
  }

  void finish() {
    if (options_.peers.empty()) options_.peers = default_peers();
    // The baseline runs first, whatever was named.
    std::erase(options_.peers, std::string(kBaseline));
    options_.peers.insert(options_.peers.begin(), std::string(kBaseline));
    const bool timed = options_.only.empty() || std::any_of(options_.only.begin(), options_.only.end(), is_timed);
    const bool others = options_.only.empty() || !std::all_of(options_.only.begin(), options_.only.end(), is_timed);
    if (mistake_.empty() && timed && !others && plan_cells(options_).empty()) {
      mistake_ =
          "nothing to measure: these rows do not have these sizes (10M entries and more: 32-byte values at most)";
    }
  }

  std::vector<std::string> arguments_;
  std::size_t at_ = 0;
  BenchOptions options_;
  std::string mistake_;
};

// The distributions a row makes sense with.
std::vector<Draw> draws_of(Row row, const BenchOptions& options) {
  if (row == Row::kInsert) return {Draw::kDistinct};
  if (row == Row::kReadThrough) return {Draw::kZipf};
  if (row == Row::kGetMiss) return {Draw::kUniform};
  if (!options.draws.empty()) return options.draws;
  if (!options.full && row == Row::kSet) return {Draw::kUniform};
  if (!options.full && row == Row::kMix) return {Draw::kZipf};
  return {Draw::kZipf, Draw::kUniform};
}

// Whether the default subset has this cell. What the user has named is always in.
bool in_subset(const Cell& cell, const BenchOptions& options) {
  const bool common = cell.entries == 1'000'000 && cell.value_bytes == 32;
  if (options.entries.empty() && is_at_bound(cell.row) && cell.entries > 1'000'000) return false;
  if (options.values.empty() && cell.value_bytes != 32 && (cell.entries != 1'000'000 || is_at_bound(cell.row)))
    return false;
  if (options.threads.empty() && cell.threads != 1) {
    return common && cell.draw == Draw::kZipf && (cell.row == Row::kGetHit || cell.row == Row::kMix);
  }
  return true;
}

template <typename T>
std::vector<T> or_default(const std::vector<T>& given, std::vector<T> fallback) {
  return given.empty() ? fallback : given;
}

}  // namespace

std::variant<BenchOptions, PrintText, Mistake> parse_options(int argc, const char* const* argv) {
  return Parser(argc, argv).parse();
}

bool wants(const BenchOptions& options, Row row) {
  return options.only.empty() || std::find(options.only.begin(), options.only.end(), row) != options.only.end();
}

std::vector<Cell> plan_cells(const BenchOptions& options) {
  std::vector<Cell> cells;
  for (const std::uint64_t entries : or_default<std::uint64_t>(options.entries, {100'000, 1'000'000, 10'000'000})) {
    for (const std::uint32_t value_bytes : or_default<std::uint32_t>(options.values, {32, 256})) {
      if (entries >= 10'000'000 && value_bytes > 32) continue;
      for (const Row row : kRows) {
        if (!is_timed(row) || !wants(options, row)) continue;
        for (const Draw draw : draws_of(row, options)) {
          for (const unsigned threads : or_default<unsigned>(options.threads, {1, 2})) {
            const Cell cell{row, entries, value_bytes, draw, threads};
            if (options.full || in_subset(cell, options)) cells.push_back(cell);
          }
        }
      }
    }
  }
  return cells;
}

}  // namespace larder::bench
