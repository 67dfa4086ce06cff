// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache in this process in front of a remote Redis, which tells it of every change (client-side caching by CLIENT
// TRACKING, https://redis.io/docs/manual/client-side-caching/). Redis 7.0 or later. CMake target: larder::redis.
// What is promised, and how it works: docs/near_cache.md.
//
//     auto near = larder::NearCache::open({.host = "cache-1", .cache = {.max_memory = 64_MiB}});
//     if (!near) return near.status();
//     if (auto name = (*near)->get("user:42")) greet(*name);  // from here on in nanoseconds, until somebody changes it
//
// Names and semantics are those of larder::Cache, of which this is a part; `command` is for all others.
//
// A copy is dropped when the server says that the key has changed, has expired or was evicted there; when its time to
// live there, or max_age, is over; and all copies when a connection to the server is lost, as it says nothing then.
// So a read may be behind the server: by the time that the server's message takes, usually well below a millisecond;
// where a connection has died unnoticed, by `heartbeat` and `command_timeout` together. It is no linearizable store.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "larder/cache.h"

namespace larder {

namespace near {
class State;
}

struct NearCacheOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  // A unix socket in place of host and port.
  std::string unix_path = {};
  // Sent with AUTH if there is a password; without a user name, that of the default user. The user needs, beside what
  // it is to do, CLIENT, COMMAND, PING, PTTL, SELECT and SUBSCRIBE, the last on channel __redis__:invalidate.
  std::string username = {};
  std::string password = {};
  std::uint32_t database = 0;

  // For commands. Each is shared by any number of threads, whose commands go out together. 1 to 64; one more is for
  // what the server says of changes.
  std::size_t connections = 2;
  // For one connection to be made, and signed in.
  Milliseconds connect_timeout{500};
  // For one call. kTimeout; a write that was sent may have been carried out: kOutcomeUnknown.
  Milliseconds command_timeout{500};
  // So often each connection on which nothing comes is asked for a sign of life, which must come within
  // command_timeout.
  Milliseconds heartbeat{500};
  // No copy is older, whatever its time to live at the server is, and whatever the server says or fails to say.
  Milliseconds max_age{60'000};
  // Which keys the server is to tell us of. None: those that were read, which the server remembers for each client
  // (OPTIN). Prefixes: all that begin so (BCAST), of which the server remembers nothing; other keys are not kept.
  // {""}: all there are.
  std::vector<std::string> prefixes = {};

  // What reads do while there is no connection that reports changes.
  enum class Disconnected : std::uint8_t {
    kBypass,  // ask the server, if there is a connection, and keep nothing
    kStale,   // answer from what is kept, until it was lost `stale_for` ago; then as kBypass
    kFail,    // answer kDisconnected
  };
  Disconnected disconnected = Disconnected::kBypass;
  Milliseconds stale_for{0};

  // False: somebody calls `process` whenever `descriptor` can be read.
  bool own_thread = true;
  // Of the copies. Without a store, and without stale values.
  Options cache = {};

  // kInvalidArgument, with all that is wrong.
  Status validate() const;
};

// Why all copies were dropped.
enum class FlushCause : std::uint8_t {
  kInvalidationsLost,  // the connection on which the server reports changes has ended
  kConnectionLost,     // one through which copies came has ended
  kNoPong,             // one of them gave no sign of life in time
  kServerFlushed,      // the server has dropped all keys, and says so once for each of our connections
};
inline constexpr std::size_t kFlushCauses = 4;
std::string_view to_string(FlushCause cause) noexcept;

struct NearCacheStats {
  bool connected = false;       // the server reports changes
  std::size_t connections = 0;  // that there are
  std::uint64_t sessions = 0;   // times that it was connected
  std::uint64_t hits = 0;       // reads that were answered here, with a value or "there is none"
  std::uint64_t misses = 0;     // that asked the server, and kept the answer, if they could
  std::uint64_t bypassed = 0;   // that could not be kept: not connected, key without a prefix that was asked for
  std::uint64_t round_trips = 0;
  std::uint64_t invalidations = 0;  // keys that the server has told us of
  std::uint64_t overtaken = 0;      // answers that were not kept, as the key had changed meanwhile
  std::array<std::uint64_t, kFlushCauses> flushes{};
  Milliseconds since_sign_of_life{0};  // on the connection on which changes are reported
  Milliseconds lag{0};                 // of the last heartbeat on it: what is reported is seen so much later
  std::string last_error = {};         // why there is no connection, or was none
  LatencyHistogram round_trip = {};    // of commands that were answered
  Stats cache = {};                    // of the copies

  // As Stats has them, with a section Near, and larder_near_... in both.
  std::string to_redis_info() const;
  std::string to_prometheus(std::string_view cache_name = "near") const;
};

// An answer of the server.
struct RemoteReply {
  enum class Type : std::uint8_t { kNothing, kInteger, kText, kList, kError };
  Type type = Type::kNothing;
  std::int64_t integer = 0;
  std::string text = {};  // of kText and kError
  std::vector<RemoteReply> list = {};
};

// How what Redis has not is loaded.
struct NearLoadOptions {
  // Of the value in Redis; none: it does not expire. What the loader says (Loaded::ttl) wins.
  std::optional<Milliseconds> ttl = {};
  // After so long another program may load the same key, and what this one loads is given to its callers only. From 1
  // ms to an hour.
  Milliseconds load_max{10'000};
};

// Thread safety: every function may be called by any thread at any time; only the destructor must be alone. A read that
// is answered here does not block; what asks the server blocks, for command_timeout at most.
//
// Errors: those of the server become the codes that larder::Cache has for them, and kServerError for what it has none;
// kDisconnected: there is no connection, and nothing was done. Keys of more than 60,000 bytes are not kept.
class NearCache final {
 public:
  // Connects. kInvalidArgument; kDisconnected: there is no such server, or it lets nobody in, or cannot report changes.
  static Result<std::unique_ptr<NearCache>> open(const NearCacheOptions& options);
  // REQUIRES: no other call runs, nor will.
  ~NearCache();
  NearCache(const NearCache&) = delete;
  NearCache& operator=(const NearCache&) = delete;

  // --- Reading: from a copy here, if there is one. -----------------------------------------------------------------
  Lookup<std::string> get(std::string_view key);
  // One round trip for all that are missing here. A key of another type is a miss.
  std::vector<Lookup<std::string>> mget(const KeyList& keys);
  Lookup<TimeToLive> ttl(std::string_view key);
  Result<bool> exists(std::string_view key);
  Result<std::uint64_t> strlen(std::string_view key);
  Lookup<std::string> hget(std::string_view key, std::string_view field);
  Result<std::vector<std::optional<std::string>>> hmget(std::string_view key, const KeyList& fields);
  Result<FieldValues> hget_all(std::string_view key);
  Result<std::uint64_t> hlen(std::string_view key);
  Result<ItemList> lrange(std::string_view key, std::int64_t first, std::int64_t last);
  Result<std::uint64_t> llen(std::string_view key);
  Result<ItemList> smembers(std::string_view key);
  Result<bool> sis_member(std::string_view key, std::string_view member);
  Result<std::uint64_t> scard(std::string_view key);
  Result<ScoredMembers> zrange(std::string_view key, const MemberRange& range, const ZRangeOptions& options = {});
  Result<ScoredMembers> zrange(std::string_view key, std::int64_t first, std::int64_t last,
                               const ZRangeOptions& options = {}) {
    return zrange(key, RankRange{first, last}, options);
  }
  Lookup<double> zscore(std::string_view key, std::string_view member);
  Lookup<std::uint64_t> zrank(std::string_view key, std::string_view member);
  Result<std::uint64_t> zcard(std::string_view key);

  // The value from here, or from Redis; otherwise of `load`, from a database, say, and Redis has it then. As
  // Cache::get_or_load, and one load of a key at a time over all programs that ask so: the others wait for it, for
  // load_max at most: kTimeout. So long there is a key "larder:load:{<key>}" in Redis.
  //
  // A write of the key meanwhile wins, and so does `del` of a near cache. Who deletes the key in another way, since the
  // database has changed, deletes that other key, too, or what was loaded before comes back. If Redis cannot be reached
  // the loader is run all the same, by each program for itself (but see Disconnected::kFail).
  template <typename Loader>
  Lookup<std::string> get_or_load(std::string_view key, Loader&& load, const NearLoadOptions& options = {}) {
    static_assert(std::is_constructible_v<Loaded, std::invoke_result_t<Loader&>>,
                  "a loader takes nothing and returns what larder::Loaded can be made of");
    return load_through(
        key, [&]() -> Loaded { return Loaded(load()); }, options);
  }

  // --- Writing: goes to the server; copies of the keys are dropped before it, and when it has answered. ------------
  Result<bool> set(std::string_view key, std::string_view value, const SetOptions& options = {});
  Status mset(const PairList& pairs);
  Result<std::uint64_t> del(const KeyList& keys);
  Result<bool> del(std::string_view key);
  Result<bool> expire(std::string_view key, Milliseconds ttl);
  Result<bool> persist(std::string_view key);
  Result<std::int64_t> incr(std::string_view key) { return incr_by(key, 1); }
  Result<std::int64_t> decr(std::string_view key) { return incr_by(key, -1); }
  Result<std::int64_t> incr_by(std::string_view key, std::int64_t by);
  Result<std::uint64_t> append(std::string_view key, std::string_view suffix);
  Result<bool> hset(std::string_view key, std::string_view field, std::string_view value);
  Result<std::uint64_t> hset(std::string_view key, const PairList& fields);
  Result<std::uint64_t> hdel(std::string_view key, const KeyList& fields);
  Result<std::int64_t> hincr_by(std::string_view key, std::string_view field, std::int64_t by);
  Result<std::uint64_t> lpush(std::string_view key, const KeyList& elements);
  Result<std::uint64_t> rpush(std::string_view key, const KeyList& elements);
  Lookup<std::string> lpop(std::string_view key);
  Lookup<std::string> rpop(std::string_view key);
  Result<std::uint64_t> sadd(std::string_view key, const KeyList& members);
  Result<std::uint64_t> srem(std::string_view key, const KeyList& members);
  Result<std::uint64_t> zadd(std::string_view key, const ScoreList& members);
  Result<double> zincr_by(std::string_view key, std::string_view member, double by);
  Result<std::uint64_t> zrem(std::string_view key, const KeyList& members);

  // --- Any command, in the server's words: {"GEODIST", "places", "here", "there"}. ----------------------------------
  // One that only reads, of one key, whose answer is always the same, is answered from a copy like those above; of any
  // other the copies of its keys are dropped. Which is which, and where the keys stand, the server is asked, once for
  // each command. An error of the server is an error here. kInvalidArgument: a command that would wait at the server,
  // or change the connection, which others use: BLPOP, SUBSCRIBE, MULTI, SELECT, ...
  Result<RemoteReply> command(std::span<const std::string_view> words);
  Result<RemoteReply> command(std::initializer_list<std::string_view> words) {
    return command(std::span(words.begin(), words.size()));
  }

  // --- In the caller's event loop (own_thread = false) ---------------------------------------------------------------
  // Can be read when there is something to do: for poll, epoll and their like.
  int descriptor() const noexcept;
  // Drops what the server has reported, keeps the connections alive and makes new ones. Does not wait; a host name is
  // looked up, which may.
  void process();

  NearCacheStats stats() const;

 private:
  Lookup<std::string> load_through(std::string_view key, FunctionRef<Loaded()> load, const NearLoadOptions& options);
  explicit NearCache(std::unique_ptr<near::State> state);
  std::unique_ptr<near::State> state_;
};

}  // namespace larder
