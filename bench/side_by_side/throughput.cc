// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/throughput.h"

#include <algorithm>
#include <memory>
#include <string>

#include "bench/peers/registry.h"
#include "bench/side_by_side/crew.h"
#include "bench/side_by_side/key_supply.h"
#include "bench/workload/process_memory.h"

namespace larder::bench {
namespace {

using Contenders = std::vector<std::unique_ptr<Contender>>;

constexpr std::size_t kFillKeys = 1 << 16;  // stored at a time, as a buffer of keys
constexpr std::uint64_t kWarmUpDraws = 8;   // of read-through, for each entry

Work work_of(Row row) {
  switch (row) {
    case Row::kSet:
    case Row::kInsert: return Work::kSet;
    case Row::kMix: return Work::kMix;
    case Row::kBatch: return Work::kGetBatch;
    case Row::kReadThrough: return Work::kReadThrough;
    default: return Work::kGet;
  }
}

// Whether this peer has anything to show in this row. A batch of one who has no call for it is its get-hit row again;
// the baseline's stands there all the same, to be compared with.
bool takes_part(const PeerFacts& facts, Row row) {
  if (is_at_bound(row)) return facts.evicts;
  if (row == Row::kBatch) return facts.batches || facts.name == kBaseline;
  return true;
}

// The cells that the same filled caches serve.
struct Stand {
  std::uint64_t entries;
  std::uint32_t value_bytes;
  bool at_bound;
  std::vector<Cell> cells;

  bool fits(const Cell& cell) const {
    return cell.entries == entries && cell.value_bytes == value_bytes && is_at_bound(cell.row) == at_bound;
  }
  bool has(Row row) const {
    return std::any_of(cells.begin(), cells.end(), [&](const Cell& cell) { return cell.row == row; });
  }
};

std::vector<Stand> stands_of(const std::vector<Cell>& cells) {
  std::vector<Stand> stands;
  for (const Cell& cell : cells) {
    auto found = std::find_if(stands.begin(), stands.end(), [&](const Stand& stand) { return stand.fits(cell); });
    if (found == stands.end()) {
      stands.push_back({cell.entries, cell.value_bytes, is_at_bound(cell.row), {}});
      found = stands.end() - 1;
    }
    found->cells.push_back(cell);
  }
  return stands;
}

std::vector<std::string> peers_of(const Stand& stand, const BenchOptions& options) {
  std::vector<std::string> names = options.peers;
  std::erase_if(names, [&](const std::string& name) {
    const PeerFacts facts = make_peer(name)->facts();
    return std::none_of(stand.cells.begin(), stand.cells.end(),
                        [&](const Cell& cell) { return takes_part(facts, cell.row); });
  });
  return names;
}

double fill_seconds(const Stand& stand, std::size_t peers) {
  const double passes = stand.at_bound ? 4 : 1.2;
  return static_cast<double>(stand.entries) * 0.8e-6 * passes * static_cast<double>(peers);
}
double cell_seconds(const Cell& cell, const BenchOptions& options, std::size_t peers) {
  const double warm_up = cell.row == Row::kReadThrough ? 0.3e-6 * kWarmUpDraws * static_cast<double>(cell.entries) : 0;
  return (0.7 * options.seconds * (options.rounds + 1) + warm_up) * static_cast<double>(peers) + 0.5;
}

// Names in groups, each beginning with the baseline, whose caches fit into memory together.
std::vector<std::vector<std::string>> groups_of(const std::vector<std::string>& names, const Stand& stand,
                                                std::uint64_t memory_max) {
  const auto bytes_of = [&](const std::string& name) {
    return stand.entries * (kKeyBytes + stand.value_bytes + make_peer(name)->facts().overhead_bytes);
  };
  const std::uint64_t budget =
      memory_max != 0 ? memory_max : std::min<std::uint64_t>(std::uint64_t{16} << 30, available_memory() / 10 * 7);
  std::vector<std::vector<std::string>> groups = {{names.front()}};
  std::uint64_t used = bytes_of(names.front());
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (used + bytes_of(names[i]) > budget && groups.back().size() > 1) {
      groups.push_back({names.front()});
      used = bytes_of(names.front());
    }
    groups.back().push_back(names[i]);
    used += bytes_of(names[i]);
  }
  return groups;
}

void store(Contender& contender, std::uint64_t first_id, std::uint64_t count, std::string_view value) {
  for (std::uint64_t done = 0; done < count;) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(kFillKeys, count - done));
    std::uint64_t id = first_id + done;
    const KeySequence keys(step, [&] { return id++; });
    contender.run(Work::kSet, Pace::kOverlapped, keys.all(), value);
    done += step;
  }
}

// Holds a group of filled caches, and runs cells on them.
class StandRunner {
 public:
  StandRunner(const Stand& stand, const std::vector<std::string>& names, const BenchOptions& options, KeySupply& keys)
      : stand_(stand), options_(options), keys_(keys), value_(value_of(stand.value_bytes)) {
    for (const std::string& name : names) {
      contenders_.push_back(make_peer(name));
      fill(*contenders_.back());
    }
  }
  ~StandRunner() {
    for (const auto& contender : contenders_) contender->close();
  }
  StandRunner(const StandRunner&) = delete;
  StandRunner& operator=(const StandRunner&) = delete;

  // Adds what this group measured; of the baseline only what no group before it did.
  void run(const Cell& cell, CellResult& result) {
    const std::vector<Contender*> players = players_of(cell.row);
    Crew crew(cell.threads);
    const std::size_t operations = calibrate(crew, cell, *players.front());
    std::vector<Samples> samples(players.size());
    if (cell.row == Row::kReadThrough) warm_up(crew, cell, players);
    for (unsigned round = 0; round <= options_.rounds; ++round) {
      const KeySpan keys = keys_.take(cell, operations * cell.threads);
      for (std::size_t i = 0; i < players.size(); ++i) {
        std::uint64_t found = 0;
        const Taken taken = segment(crew, cell, *players[i], keys, found);
        if (round == 0) continue;  // warms up
        note(samples[i], taken, keys.count, found);
      }
    }
    for (std::size_t i = 0; i < players.size(); ++i) {
      samples[i].facts = players[i]->facts();
      samples[i].entries_held = players[i]->entries();
      samples[i].bytes_used = players[i]->bytes_used();
      samples[i].baseline_cpu_ns = samples[0].cpu_ns;
      samples[i].baseline_wall_ns = samples[0].wall_ns;
    }
    for (std::size_t i = result.peers.empty() ? 0 : 1; i < players.size(); ++i) {
      result.peers.push_back(std::move(samples[i]));
    }
  }

 private:
  void fill(Contender& contender) const {
    contender.open({.entries = stand_.entries,
                    .value_bytes = stand_.value_bytes,
                    .at_bound = stand_.at_bound,
                    .bound_is_memory = options_.bound_is_memory});
    store(contender, 0, stand_.entries, value_);
    if (!stand_.at_bound) return;
    // Under way for a while, as caches are; and a bound in bytes that holds the same number of entries as the others,
    // now that the policy keeps its ghosts.
    for (std::uint64_t pass = 0; pass < 2; ++pass) {
      contender.tighten(stand_.entries);
      store(contender, (std::uint64_t{1} << 50) + pass * stand_.entries, stand_.entries, value_);
    }
    contender.tighten(stand_.entries);
  }

  std::vector<Contender*> players_of(Row row) const {
    std::vector<Contender*> players;
    for (const auto& contender : contenders_) {
      if (takes_part(contender->facts(), row)) players.push_back(contender.get());
    }
    return players;
  }

  Taken segment(Crew& crew, const Cell& cell, Contender& contender, KeySpan keys, std::uint64_t& found) const {
    const std::size_t each = keys.count / cell.threads;
    std::vector<std::uint64_t> found_each(cell.threads);
    const Taken taken = crew.run([&](unsigned index) {
      found_each[index] = contender.run(work_of(cell.row), options_.pace, keys.part(index * each, each), value_);
    });
    for (const std::uint64_t one : found_each) found += one;
    return taken;
  }

  // How many operations a thread does in a segment: what takes the baseline the wanted time, in whole batches and
  // mixes.
  std::size_t calibrate(Crew& crew, const Cell& cell, Contender& baseline) {
    constexpr std::size_t kStep = 320;
    std::uint64_t ignored = 0;
    const std::size_t probe = 50 * kStep;
    const Taken taken = segment(crew, cell, baseline, keys_.take(cell, probe * cell.threads), ignored);
    const double wanted = options_.seconds * 1e9 / taken.wall_ns * static_cast<double>(probe);
    const std::size_t most = KeySupply::kDraws / cell.threads;
    return std::clamp(static_cast<std::size_t>(wanted), probe, most) / kStep * kStep;
  }

  // Brings the caches to what they hold in the long run.
  void warm_up(Crew& crew, const Cell& cell, const std::vector<Contender*>& players) {
    const std::size_t step = kFillKeys * cell.threads;
    std::uint64_t ignored = 0;
    for (std::uint64_t done = 0; done < kWarmUpDraws * cell.entries; done += step) {
      const KeySpan keys = keys_.take(cell, step);
      for (Contender* player : players) segment(crew, cell, *player, keys, ignored);
    }
  }

  static void note(Samples& samples, const Taken& taken, std::size_t operations, std::uint64_t found) {
    samples.cpu_ns.push_back(taken.cpu_ns / static_cast<double>(operations));
    samples.wall_ns.push_back(taken.wall_ns / static_cast<double>(operations));
    samples.operations += operations;
    samples.found += found;
  }

  const Stand& stand_;
  const BenchOptions& options_;
  KeySupply& keys_;
  const std::string value_;
  Contenders contenders_;
};

std::string title_of(const Stand& stand) {
  return short_number(stand.entries) + " entries, values of " + std::to_string(stand.value_bytes) + " bytes" +
         (stand.at_bound ? ", at the bound" : "");
}

}  // namespace

void expect_cells(const std::vector<Cell>& cells, const BenchOptions& options, Progress& progress) {
  for (const Stand& stand : stands_of(cells)) {
    for (const auto& group : groups_of(peers_of(stand, options), stand, options.memory_max)) {
      progress.expect(fill_seconds(stand, group.size()));
      for (const Cell& cell : stand.cells) progress.expect(cell_seconds(cell, options, group.size()));
    }
  }
}

std::vector<CellResult> run_cells(const std::vector<Cell>& cells, const BenchOptions& options, Progress& progress) {
  std::vector<CellResult> results;
  for (const Stand& stand : stands_of(cells)) {
    const std::size_t first = results.size();
    for (const Cell& cell : stand.cells) results.push_back({cell, {}, {}, {}});
    KeySupply keys(stand.entries);
    const std::vector<std::string> names = peers_of(stand, options);
    const auto groups = groups_of(names, stand, options.memory_max);
    for (std::size_t group = 0; group < groups.size(); ++group) {
      const std::size_t size = groups[group].size();
      const std::string which =
          groups.size() == 1 ? ""
                             : " (group " + std::to_string(group + 1) + " of " + std::to_string(groups.size()) + ")";
      progress.begin("filling " + std::to_string(size) + " caches: " + title_of(stand) + which,
                     fill_seconds(stand, size));
      StandRunner runner(stand, groups[group], options, keys);
      for (std::size_t i = 0; i < stand.cells.size(); ++i) {
        progress.begin(title_of(stand.cells[i]) + which, cell_seconds(stand.cells[i], options, size));
        runner.run(stand.cells[i], results[first + i]);
      }
    }
    if (stand.has(Row::kReadThrough)) {
      const double optimum = Zipf(KeySupply::read_through_keys(stand.entries)).share_of_top(stand.entries);
      for (std::size_t i = first; i < results.size(); ++i) {
        if (results[i].cell.row == Row::kReadThrough) results[i].optimal_hit_ratio = optimum;
      }
    }
  }
  return results;
}

}  // namespace larder::bench
