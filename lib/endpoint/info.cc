// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// INFO: what the cache says of itself (Stats::to_redis_info), and what the endpoint adds, by section.
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/c_locale.h"
#include "endpoint/arguments.h"
#include "endpoint/service.h"

namespace larder::endpoint {
namespace {

constexpr std::string_view kVersion = "7.0.15";

struct Section {
  std::string_view title;
  bool by_default = true;
};
constexpr Section kSections[] = {{"Server"},
                                 {"Clients"},
                                 {"Memory"},
                                 {"Persistence"},
                                 {"Stats"},
                                 {"Replication"},
                                 {"CPU"},
                                 {"Modules"},
                                 {"Commandstats", false},
                                 {"Errorstats"},
                                 {"Latencystats", false},
                                 {"Cluster"},
                                 {"Keyspace"},
                                 {"Larder"}};

std::string folded(std::string_view title) {
  std::string name(title);
  for (char& c : name) c = to_lower(c);
  return name;
}

// One section's lines.
class Lines {
 public:
  void add(std::string_view name, std::string_view value) {
    text_ += name;
    text_ += ':';
    text_ += value;
    text_ += "\r\n";
  }
  void add(std::string_view name, std::uint64_t number) { add(name, std::to_string(number)); }
  void add(std::string_view name, double number, int decimals) {
    const base::CLocale point;
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, number);
    add(name, text);
  }
  // Lines of another's, but for those whose names are here already.
  void add_missing(std::string_view lines) {
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find("\r\n"), lines.size());
      const std::string_view line = lines.substr(0, end);
      lines.remove_prefix(std::min(end + 2, lines.size()));
      const std::string name(line.substr(0, line.find(':') + 1));
      if (!line.empty() && text_.find("\r\n" + name) == std::string::npos && !text_.starts_with(name))
        text_ += std::string(line) + "\r\n";
    }
  }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

// The lines of one section of an INFO text.
std::string_view section_of(std::string_view info, std::string_view title) {
  const std::string head = "# " + std::string(title) + "\r\n";
  const std::size_t at = info.find(head);
  if (at == std::string_view::npos) return {};
  const std::string_view lines = info.substr(at + head.size());
  return lines.substr(0, lines.find("\r\n#"));
}

void add_server(Service& service, Lines& lines) {
  utsname system{};
  uname(&system);
  const std::uint64_t up = (service.now_ms - service.started_ms) / 1000;
  lines.add("redis_version", kVersion);
  lines.add("larder_version", LARDER_VERSION);
  lines.add("redis_git_sha1", "00000000");
  lines.add("redis_git_dirty", "0");
  lines.add("redis_mode", "standalone");
  lines.add("os", std::string(system.sysname) + " " + system.release + " " + system.machine);
  lines.add("arch_bits", sizeof(void*) * 8);
  lines.add("multiplexing_api", "libuv");
  lines.add("process_id", static_cast<std::uint64_t>(getpid()));
  lines.add("run_id", service.run_id);
  lines.add("tcp_port", service.port());
  lines.add("server_time_usec", static_cast<std::uint64_t>(Clock::system().unix_time().count()) * 1000);
  lines.add("uptime_in_seconds", up);
  lines.add("uptime_in_days", up / 86'400);
  lines.add("hz", "10");
  lines.add("configured_hz", "10");
}

void add_clients(Service& service, Lines& lines) {
  const auto blocked = std::count_if(service.sessions().begin(), service.sessions().end(),
                                     [](const auto& one) { return one.second->blocked != nullptr; });
  lines.add("connected_clients", service.sessions().size());
  lines.add("cluster_connections", "0");
  lines.add("maxclients", service.limits().connections_max);
  lines.add("blocked_clients", static_cast<std::uint64_t>(blocked));
  lines.add("tracking_clients", "0");
  lines.add("clients_in_timeout_table", "0");
}

std::uint64_t resident_bytes() {
  unsigned long long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*u %llu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void add_memory(Service& service, Lines& lines) {
  const Stats stats = service.cache().stats();
  const std::uint64_t resident = resident_bytes();
  lines.add("used_memory", stats.bytes_used);
  lines.add("used_memory_rss", resident);  // of the whole program
  service.memory_peak = std::max(service.memory_peak, stats.bytes_used);
  lines.add("used_memory_peak", service.memory_peak);
  lines.add("maxmemory", stats.max_memory);
  lines.add("mem_fragmentation_ratio",
            stats.bytes_used == 0 ? 0 : static_cast<double>(resident) / static_cast<double>(stats.bytes_used), 2);
  lines.add("mem_allocator", "larder");
  lines.add("active_defrag_running", "0");
  lines.add("lazyfree_pending_objects", "0");
}

void add_persistence(Service&, Lines& lines) {
  for (const std::string_view name :
       {"loading", "async_loading", "rdb_changes_since_last_save", "rdb_bgsave_in_progress", "rdb_last_save_time"})
    lines.add(name, "0");
  lines.add("rdb_last_bgsave_status", "ok");
  lines.add("rdb_last_bgsave_time_sec", "-1");
  lines.add("aof_enabled", "0");
  lines.add("aof_rewrite_in_progress", "0");
  lines.add("aof_last_bgrewrite_status", "ok");
  lines.add("aof_last_write_status", "ok");
}

void add_stats(Service& service, Lines& lines) {
  const Counters& counters = service.counters();
  lines.add("total_connections_received", counters.connections);
  lines.add("total_commands_processed", counters.commands);
  lines.add("instantaneous_ops_per_sec", static_cast<std::uint64_t>(service.commands_a_second));
  lines.add("total_net_input_bytes", counters.bytes_in);
  lines.add("total_net_output_bytes", counters.bytes_out);
  lines.add("rejected_connections", counters.connections_rejected);
  lines.add("evicted_clients", counters.connections_cut_off);
  lines.add("total_error_replies", counters.errors);
  for (const std::string_view name : {"sync_full", "sync_partial_ok", "sync_partial_err", "pubsub_channels",
                                      "pubsub_patterns", "latest_fork_usec", "total_forks", "tracking_total_keys"})
    lines.add(name, "0");
}

void add_replication(Service& service, Lines& lines) {
  lines.add("role", "master");
  lines.add("connected_slaves", "0");
  lines.add("master_failover_state", "no-failover");
  lines.add("master_replid", service.run_id);
  lines.add("master_repl_offset", "0");
  lines.add("repl_backlog_active", "0");
}

void add_cpu(Service&, Lines& lines) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);  // of the whole program
  lines.add("used_cpu_sys", seconds(usage.ru_stime), 6);
  lines.add("used_cpu_user", seconds(usage.ru_utime), 6);
  lines.add("used_cpu_sys_children", "0.000000");
  lines.add("used_cpu_user_children", "0.000000");
}

void add_command(const CommandTable::Place& place, const CommandStats& stats, Lines& lines) {
  if (stats.calls + stats.rejected == 0) return;
  const double each = stats.calls == 0 ? 0 : static_cast<double>(stats.took_us) / static_cast<double>(stats.calls);
  char text[64];
  {
    const base::CLocale point;
    std::snprintf(text, sizeof text, "%.2f", each);
  }
  lines.add("cmdstat_" + place.full_name, "calls=" + std::to_string(stats.calls) +
                                              ",usec=" + std::to_string(stats.took_us) + ",usec_per_call=" + text +
                                              ",rejected_calls=" + std::to_string(stats.rejected) +
                                              ",failed_calls=" + std::to_string(stats.failed));
}

void add_command_stats(Service& service, Lines& lines) {
  for (const CommandTable::Place& place : CommandTable::instance().commands()) {
    add_command(place, service.command_stats()[place.number], lines);
    for (const CommandTable::Place& sub : place.subcommands) {
      add_command(sub, service.command_stats()[sub.number], lines);
    }
  }
}

void add_error_stats(Service& service, Lines& lines) {
  for (const auto& [word, count] : service.error_stats())
    lines.add("errorstat_" + word, "count=" + std::to_string(count));
}

Lines section(Service& service, std::string_view title) {
  Lines lines;
  if (title == "Server") add_server(service, lines);
  if (title == "Clients") add_clients(service, lines);
  if (title == "Memory") add_memory(service, lines);
  if (title == "Persistence") add_persistence(service, lines);
  if (title == "Stats") add_stats(service, lines);
  if (title == "Replication") add_replication(service, lines);
  if (title == "CPU") add_cpu(service, lines);
  if (title == "Commandstats") add_command_stats(service, lines);
  if (title == "Errorstats") add_error_stats(service, lines);
  if (title == "Cluster") lines.add("cluster_enabled", "0");
  return lines;
}

}  // namespace

std::string info_text(Service& service, std::span<const std::string_view> sections) {
  const auto named = [&](std::string_view name) {
    return std::any_of(sections.begin(), sections.end(), [&](std::string_view word) { return is_word(word, name); });
  };
  const bool everything = named("all") || named("everything");
  const bool by_default = sections.empty() || named("default");
  const std::string of_cache = service.cache().stats().to_redis_info();
  std::string text;
  for (const Section& one : kSections) {
    if (!everything && !(by_default && one.by_default) && !named(folded(one.title))) continue;
    Lines lines = section(service, one.title);
    lines.add_missing(section_of(of_cache, one.title));
    if (!text.empty()) text += "\r\n";
    text += "# " + std::string(one.title) + "\r\n" + lines.text();
  }
  return text;
}

}  // namespace larder::endpoint
