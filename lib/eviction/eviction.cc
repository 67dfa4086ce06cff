// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// The policies by name.
#include "larder/eviction.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/decimal.h"
#include "eviction/adaptive.h"
#include "eviction/arc.h"
#include "eviction/fifo.h"
#include "eviction/gdsf.h"
#include "eviction/lirs.h"
#include "eviction/lru.h"
#include "eviction/redis_sampled.h"
#include "eviction/s3_fifo.h"
#include "eviction/sampled.h"
#include "eviction/sieve.h"
#include "eviction/w_tinylfu.h"

namespace larder {

// What the policies of one cache share.
struct Eviction::Shared {
  std::size_t bytes_min;  // with less they share nothing
  std::size_t bytes_max;
  PolicyFactory (*factory)(std::size_t bytes);
};

namespace {

using Policy = std::unique_ptr<EvictionPolicy>;

struct Parameter {
  std::string_view name;
  double otherwise;  // if it is not given
  double min;
  double max;
  bool whole = false;
};
constexpr std::size_t kParametersMax = 3;
using Values = std::array<double, kParametersMax>;

struct Row {
  std::string_view name;
  Policy (*make)(const Values& values, std::uint64_t seed);
  std::array<Parameter, kParametersMax> parameters = {};  // those with a name
  const Eviction::Shared* (*shared)(const Values&) = nullptr;

  Values values() const {
    Values values = {};
    std::transform(parameters.begin(), parameters.end(), values.begin(),
                   [](const Parameter& parameter) { return parameter.otherwise; });
    return values;
  }
  std::span<const Parameter> given() const {
    const auto* end =
        std::find_if(parameters.begin(), parameters.end(), [](const auto& one) { return one.name.empty(); });
    return {parameters.begin(), end};
  }
};

template <typename Its, typename... Arguments>
Policy make(Arguments&&... arguments) {
  static_assert(sizeof(Its) <= EvictionPolicy::kBytes);
  return std::make_unique<Its>(std::forward<Arguments>(arguments)...);
}
template <typename Its>
Policy plain(const Values&, std::uint64_t) {
  return make<Its>();
}
template <typename Its>
Policy seeded(const Values&, std::uint64_t seed) {
  return make<Its>(seed);
}
Policy s3_fifo(const Values& values, std::uint64_t) {
  return make<eviction::S3Fifo>(
      eviction::S3Fifo::Parameters{values[0], values[1], static_cast<std::uint8_t>(values[2])});
}
Policy w_tinylfu(const Values& values, std::uint64_t seed) {
  return make<eviction::WTinyLfu>(eviction::WTinyLfu::Parameters{values[0]}, seed);
}
Policy lirs(const Values& values, std::uint64_t) { return make<eviction::Lirs>(eviction::Lirs::Parameters{values[0]}); }
using Objective = eviction::GatedFifo::Objective;
template <Objective kObjective>
constexpr Eviction::Shared kChooser = {
    eviction::SharesChooser::kBytesMin, eviction::SharesChooser::kBytesMax, [](std::size_t bytes) -> PolicyFactory {
      if (bytes == 0) {
        return [](std::uint64_t) { return make<eviction::GatedFifo>(eviction::GatedFifo::Shares(), kObjective); };
      }
      return [chooser = std::make_shared<eviction::SharesChooser>(kObjective, bytes)](std::uint64_t seed) {
        return make<eviction::Adaptive>(chooser, seed, kObjective);
      };
    }};
const Eviction::Shared* chooser(const Values& values) {
  return values[0] != 0 ? &kChooser<Objective::kBytes> : &kChooser<Objective::kRequests>;
}
Policy adaptive(const Values& values, std::uint64_t seed) {
  return chooser(values)->factory(eviction::SharesChooser::kBytesMax)(seed);
}
Policy redis_lru(const Values& values, std::uint64_t seed) {
  return make<eviction::RedisLru>(eviction::RedisLru::Parameters{static_cast<int>(values[0])}, seed);
}
Policy redis_lfu(const Values& values, std::uint64_t seed) {
  const eviction::RedisLfu::Parameters parameters{static_cast<int>(values[0]), static_cast<std::uint32_t>(values[1])};
  return make<eviction::RedisLfu>(parameters, seed);
}

constexpr Parameter kSamples = {"samples", eviction::RedisLru::Parameters().samples, 1, 64, true};
constexpr eviction::S3Fifo::Parameters kS3Fifo;
constexpr Row kRows[] = {
    {"adaptive", adaptive, {{{"bytes", 0, 0, 1, true}}}, chooser},
    {"s3-fifo",
     s3_fifo,
     {{{"small", kS3Fifo.small_share, 0.001, 0.999},
       {"ghost", kS3Fifo.ghosts_per_entry, 0, 10},
       {"promote", kS3Fifo.promote_at, 1, 3, true}}}},
    {"lru", plain<eviction::Lru>},
    {"lfu", seeded<eviction::Lfu>},
    {"random", seeded<eviction::Random>},
    {"sieve", plain<eviction::Sieve>},
    {"fifo", plain<eviction::Fifo>},
    {"w-tinylfu", w_tinylfu, {{{"window", eviction::WTinyLfu::Parameters().window_share, 0.001, 0.999}}}},
    {"arc", plain<eviction::Arc>},
    {"lirs", lirs, {{{"hir", eviction::Lirs::Parameters().high_share, 0.001, 0.999}}}},
    {"gdsf", plain<eviction::Gdsf>},
    {"redis-lru", redis_lru, {{kSamples}}},
    {"redis-lfu", redis_lfu, {{kSamples, {"minute", eviction::RedisLfu::Parameters().minute, 1, 1e9, true}}}},
};

constexpr auto kNames = [] {
  std::array<std::string_view, std::size(kRows)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kRows[i].name;
  return names;
}();

constexpr std::string_view kTtlSuffix = "-ttl";

std::string name_in_scope(std::string_view name, Eviction::Scope scope) {
  return std::string(name) + std::string(scope == Eviction::Scope::kKeysWithTtl ? kTtlSuffix : "");
}

std::string text_of(double number) {
  char text[32];
  return std::string(text, std::to_chars(text, std::end(text), number, std::chars_format::fixed).ptr);
}

// A number, and nothing else, that the parameter may have. Whole ones are digits alone.
bool read_value(std::string_view text, const Parameter& parameter, double* value) {
  const std::optional<double> number = base::parse_decimal(text);
  if (!number || *number < parameter.min || *number > parameter.max) return false;
  if (parameter.whole && text.find('.') != std::string_view::npos) return false;
  *value = *number;
  return true;
}

// What stands behind the colon: name=value, ... False if there is anything else.
bool read_values(std::string_view text, const Row& row, Values* values) {
  std::array<bool, kParametersMax> had = {};
  for (;;) {
    const std::string_view one = text.substr(0, text.find(','));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) return false;
    const auto parameters = row.given();
    const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& parameter) {
      return parameter.name == one.substr(0, equals);
    });
    if (found == parameters.end()) return false;
    const auto number = static_cast<std::size_t>(found - parameters.begin());
    if (std::exchange(had[number], true) || !read_value(one.substr(equals + 1), *found, &(*values)[number]))
      return false;
    if (one.size() == text.size()) return true;
    text.remove_prefix(one.size() + 1);
  }
}

Status no_such_parameters(const Row& row, std::string_view text) {
  std::string all;
  for (const Parameter& parameter : row.given()) {
    all += (all.empty() ? "" : ", ") + std::string(parameter.name) + "=" + text_of(parameter.otherwise) + " (" +
           text_of(parameter.min) + " to " + text_of(parameter.max) + (parameter.whole ? ", whole" : "") + ")";
  }
  return Status(ErrorCode::kInvalidArgument, "eviction policy " + std::string(row.name) + " does not take \"" +
                                                 std::string(text) + "\": it has " +
                                                 (all.empty() ? "no parameters" : "the parameters " + all));
}

}  // namespace

Eviction::Eviction(std::string name, PolicyFactory factory, Scope scope)
    : name_(std::move(name)), factory_(std::move(factory)), scope_(scope) {}

Eviction Eviction::s3_fifo(Scope scope) { return *named(name_in_scope("s3-fifo", scope)); }
Eviction Eviction::adaptive(Scope scope) { return *named(name_in_scope("adaptive", scope)); }
Eviction Eviction::lru(Scope scope) { return *named(name_in_scope("lru", scope)); }
Eviction Eviction::lfu(Scope scope) { return *named(name_in_scope("lfu", scope)); }
Eviction Eviction::random(Scope scope) { return *named(name_in_scope("random", scope)); }
Eviction Eviction::sieve(Scope scope) { return *named(name_in_scope("sieve", scope)); }
Eviction Eviction::fifo(Scope scope) { return *named(name_in_scope("fifo", scope)); }
Eviction Eviction::none() { return Eviction("none", nullptr, Scope::kAllKeys); }

Eviction Eviction::custom(std::string name, PolicyFactory factory, Scope scope) {
  LARDER_CHECK(factory != nullptr, "Eviction::custom needs a factory");
  return Eviction(std::move(name), std::move(factory), scope);
}

Eviction Eviction::for_one_cache(std::size_t shared_bytes) const {
  Eviction eviction = *this;
  if (shared_ != nullptr) eviction.factory_ = shared_->factory(shared_bytes);
  return eviction;
}

std::size_t Eviction::shared_bytes(std::size_t bytes_max) const noexcept {
  if (shared_ == nullptr || bytes_max < shared_->bytes_min) return 0;
  return std::min(bytes_max, shared_->bytes_max);
}

std::span<const std::string_view> Eviction::names() noexcept { return kNames; }

Result<Eviction> Eviction::named(std::string_view name) {
  if (name == "none" || name == "noeviction") return none();
  const std::string_view plain_name = name.substr(0, name.find(':'));
  for (const Row& row : kRows) {
    for (const Scope scope : {Scope::kAllKeys, Scope::kKeysWithTtl}) {
      const std::string redis_name = (scope == Scope::kAllKeys ? "allkeys-" : "volatile-") + std::string(row.name);
      if (plain_name != name_in_scope(row.name, scope) && plain_name != redis_name) continue;
      const std::string_view behind = name.substr(plain_name.size());
      Values values = row.values();
      if (!behind.empty() && !read_values(behind.substr(1), row, &values)) {
        return no_such_parameters(row, behind.substr(1));
      }
      // Without parameters it needs no memory: Options has one of these.
      PolicyFactory factory = [&row](std::uint64_t seed) { return row.make(row.values(), seed); };
      if (!behind.empty()) factory = [&row, values](std::uint64_t seed) { return row.make(values, seed); };
      Eviction eviction(name_in_scope(row.name, scope) + std::string(behind), std::move(factory), scope);
      if (row.shared != nullptr) eviction.shared_ = row.shared(values);
      return eviction;
    }
  }
  std::string all;
  for (const std::string_view one : kNames) all += std::string(one) + ", ";
  return Status(ErrorCode::kInvalidArgument, "no eviction policy \"" + std::string(name) + "\": there are " + all +
                                                 "each with -ttl behind it as well, and none");
}

}  // namespace larder
