// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// One table says what each option is called, what it means and how it is read.
#include "simulator/program/sim_options.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <thread>

#include "base/decimal.h"

namespace larder::simulator {
namespace {

constexpr unsigned kJobsMax = 256;
// Memory grows with what a file has, not with these (trace.h).
constexpr std::uint64_t kRequestsMax = (std::uint64_t{1} << 31) - 1;
constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 40;

// Each reader sets its field and says what is wrong instead, or nothing. One rule for numbers: whole ones are digits,
// others may have a point with digits on both sides.
template <typename Number>
std::string read_whole(std::string_view text, Number low, Number high, Number& field) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < low || number > high) {
    return "wanted is a whole number from " + std::to_string(low) + " to " + std::to_string(high) + ", in digits";
  }
  field = number;
  return {};
}

std::string read_format(SimOptions& options, std::string_view text) {
  if (text == "table") options.output = SimOptions::Output::kTable;
  if (text == "tsv") options.output = SimOptions::Output::kTsv;
  if (text == "json") options.output = SimOptions::Output::kJson;
  return text == "table" || text == "tsv" || text == "json" ? "" : "wanted is table, tsv or json";
}

std::string read_input_format(SimOptions& options, std::string_view text) {
  options.reading.format = format_named(text);
  return options.reading.format ? "" : "wanted is ltrc, keys, csv, lis or oracle-general";
}

std::string read_sample(SimOptions& options, std::string_view text) {
  const std::optional<double> rate = base::parse_decimal(text);
  if (!rate || *rate < 1e-6 || *rate > 1) return "wanted is a share of the objects, such as 0.01, from 0.000001 to 1";
  options.plan.sample = rate;
  return {};
}

std::string read_requests(SimOptions& options, std::string_view text) {
  std::uint64_t number = 0;
  std::string wrong = read_whole<std::uint64_t>(text, 1, kRequestsMax, number);
  if (wrong.empty()) options.plan.requests = number;
  return wrong;
}

struct Option {
  std::string_view name;
  std::string_view argument;  // empty: it has none
  std::string_view meaning;   // further lines after '\n'
  std::string (*read)(SimOptions& options, std::string_view text);
};

constexpr Option kOptions[] = {
    {"policy", "LIST", "who goes (default lru,s3-fifo,adaptive,belady); may be given several times",
     [](SimOptions& o, std::string_view text) { return parse_policies(text, o.plan.policies); }},
    {"size", "LIST",
     "sizes of the cache (default 1%,10%; for --plot 0.1%..50%): 5000 is objects, 64MiB or 10KB bytes,\n"
     "10% a share of the footprint, which is in bytes if the trace has sizes; 1%..50% is 12 sizes in\n"
     "equal ratios; may be given several times",
     [](SimOptions& o, std::string_view text) { return parse_sizes(text, o.plan.sizes); }},
    {"unit-sizes", "", "every object weighs 1, whatever sizes the trace has",
     [](SimOptions& o, std::string_view) {
       o.plan.unit_sizes = true;
       return std::string();
     }},
    {"sample", "RATE", "simulate this share of the objects, such as 0.01, with caches as much smaller (SHARDS)",
     read_sample},
    {"requests", "N", "the first N requests of each trace only", read_requests},
    {"jobs", "N", "threads (default: one for each processor)",
     [](SimOptions& o, std::string_view text) { return read_whole(text, 1u, kJobsMax, o.plan.jobs); }},
    {"seed", "N", "of the sample, and of policies that draw at random (default 1)",
     [](SimOptions& o, std::string_view text) { return read_whole<std::uint64_t>(text, 0, UINT64_MAX, o.plan.seed); }},
    {"input-format", "NAME", "ltrc, keys, csv, lis or oracle-general, where the content does not tell",
     read_input_format},
    {"columns", "LIST",
     "of a CSV, which columns are the key, size, time, op and ttl: key=url,size=3, by name or number,\n"
     "0 for none; those not given are found by their names, if the first line has names",
     [](SimOptions& o, std::string_view text) {
       o.reading.columns = text;
       return std::string(text.empty() ? "wanted is a list such as key=url,size=3" : "");
     }},
    {"format", "NAME", "table (default), tsv or json, to stdout", read_format},
    {"plot", "FILE",
     "draw the miss ratios over the sizes, as SVG: of requests, and below of bytes if the trace has\n"
     "sizes; wants two sizes at least",
     [](SimOptions& o, std::string_view text) {
       o.plot = text;
       return std::string(text.empty() ? "wanted is the name of a file" : "");
     }},
    {"version", "", "print the version",
     [](SimOptions& o, std::string_view) {
       o.version = true;
       return std::string();
     }},
    {"help", "", "print this text",
     [](SimOptions& o, std::string_view) {
       o.help = true;
       return std::string();
     }},
};

const Option* find_option(std::string_view word) {
  for (const Option& option : kOptions) {
    if (word == "--" + std::string(option.name)) return &option;
  }
  return nullptr;
}

std::string check_together(SimOptions& options) {
  if (options.files.empty()) return "no trace: name a file, or - for standard input";
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) return "standard input can be read only once";
  if (options.plan.policies.empty()) parse_policies("lru,s3-fifo,adaptive,belady", options.plan.policies);
  if (options.plan.sizes.empty()) parse_sizes(options.plot.empty() ? "1%,10%" : "0.1%..50%", options.plan.sizes);
  if (options.plot.empty()) return {};
  if (options.plan.sizes.size() < 2)
    return "--plot draws a curve, and wants two sizes at least, such as --size 1%..50%";
  const auto has = [&](CacheSize::Kind kind) {
    return std::any_of(options.plan.sizes.begin(), options.plan.sizes.end(),
                       [&](const CacheSize& size) { return size.kind == kind; });
  };
  if (has(CacheSize::Kind::kObjects) && has(CacheSize::Kind::kBytes)) {
    return "--plot has one axis for sizes: give all in objects, or all in bytes";
  }
  return {};
}

// The same in lines, at spaces.
std::string wrapped(std::string text) {
  constexpr std::size_t kLineMax = 110;
  for (std::size_t begin = 0; text.size() - begin > kLineMax;) {
    const std::size_t space = text.rfind(' ', begin + kLineMax);
    if (space == std::string::npos || space <= begin) break;
    text[space] = '\n';
    begin = space + 1;
  }
  return text;
}

}  // namespace

std::string read_command_line(std::span<const std::string_view> words, SimOptions* options) {
  options->plan.jobs = std::clamp(std::thread::hardware_concurrency(), 1u, kJobsMax);
  options->reading.requests_max = kRequestsMax;
  options->reading.bytes_max = kBytesMax;
  bool only_files = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view name = words[i];
    if (only_files || !name.starts_with('-') || name == "-") {
      options->files.emplace_back(name);
      continue;
    }
    if (name == "--") {
      only_files = true;
      continue;
    }
    std::string_view text;
    const std::size_t equals = name.find('=');
    if (equals != std::string_view::npos) text = name.substr(equals + 1);
    name = name.substr(0, equals);
    const Option* option = find_option(name == "-h" ? "--help" : name);
    if (option == nullptr) return "there is no option " + std::string(name);
    if (option->argument.empty() && equals != std::string_view::npos) return std::string(name) + " takes no value";
    if (!option->argument.empty() && equals == std::string_view::npos) {
      if (++i == words.size()) return std::string(name) + " wants a value behind it: " + std::string(option->argument);
      text = words[i];
    }
    if (const std::string wrong = option->read(*options, text); !wrong.empty()) {
      return std::string(name) + " " + std::string(text) + ": " + wrong;
    }
    if (options->help || options->version) return {};
  }
  return check_together(*options);
}

std::string version_text() { return "larder-sim " LARDER_VERSION "\n"; }

std::string help_text() {
  constexpr std::size_t kColumn = 22;
  std::string text =
      "usage: larder-sim [options] FILE...\n\n"
      "Replays traces of cache requests, and shows which share of them misses, by policy and size.\n\n";
  for (const Option& option : kOptions) {
    std::string line = "  --" + std::string(option.name) + " " + std::string(option.argument);
    line.resize(std::max(kColumn, line.size() + 1), ' ');
    std::string_view meaning = option.meaning;
    while (!meaning.empty()) {
      const std::size_t end = std::min(meaning.find('\n'), meaning.size());
      text += line + std::string(meaning.substr(0, end)) + "\n";
      line.assign(kColumn, ' ');
      meaning.remove_prefix(std::min(end + 1, meaning.size()));
    }
  }
  text += "\n" + wrapped("Policies: " + policies_text() + ".") +
          "\n"
          "belady knows the trace: of caches in objects none misses less, unless something expires. In bytes it is\n"
          "no bound; belady-size (distance times size) is lower, and no bound either.\n\n"
          "FILE: - is standard input. gzip and zstd are unpacked. Read are LTRC, one key a line, CSV (columns key,\n"
          "size, time, op, ttl by name), ARC's .lis, and libCacheSim's CSV and oracleGeneral (by name, or\n"
          "--input-format). A get that misses stores the object. Only gets are counted: a set stores, and is neither\n"
          "hit nor miss. What has a ttl misses from time + ttl on. Objects larger than the cache are not stored.\n\n"
          "Exit status: 0; 2 if the command line or a file is wrong.\n";
  return text;
}

}  // namespace larder::simulator
