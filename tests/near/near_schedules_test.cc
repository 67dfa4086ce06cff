// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A near cache on a scripted server: in one thread, and between any two steps of a call whatever may happen happens, by
// seeds. A change overtakes an answer, an answer is of a session that has ended, all keys are flushed in the middle of
// a pipeline, reports stop and nobody is told. LARDER_FULL=1: 100,000 schedules.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "base/random.h"
#include "near/near_fixture.h"
#include "near/near_state.h"
#include "support/depth.h"

namespace larder::near {
namespace {

// What the link does wrong, so that it is seen that this is found.
enum class Flaw : std::uint8_t { kNone, kForgetsAReport, kKeepsCopiesOfTheLastSession };

class ScriptedLink final : public Link {
 public:
  ScriptedLink(Copies& copies, std::uint64_t seed, Flaw flaw) : copies_(copies), flaw_(flaw), random_(seed) {}

  Answer call(const Batch& commands, Reports reports, const Deadline&, std::string_view) override {
    ++depth_;
    happen();
    Answer answer;
    if (quiet || (!dead_ && random_.below(40) != 0)) {
      const std::uint64_t session = session_;
      std::string_view bytes = commands.bytes();
      for (std::size_t i = 0; i < commands.count(); ++i) {
        if (i > 0) happen();
        answer.replies.push_back(execute(words_of(&bytes), reports == Reports::kYes && i == 0));
      }
      happen();
      answer.reported = reports == Reports::kYes && session == session_ && reporting_;
    } else {  // the connection ends under it
      lose();
      answer.status = Status(ErrorCode::kOutcomeUnknown, "it has ended");
      renew();
    }
    --depth_;
    return answer;
  }
  Status wait_for_session(const Deadline&) override { return {}; }
  int descriptor() const noexcept override { return -1; }
  void process() override {}
  LinkStats stats() override { return {}; }

  // Of others, and of what reports changes.
  void happen() {
    if (quiet || depth_ > 2) return;
    for (std::uint64_t n = random_.below(6); n > 0; --n) {
      switch (random_.below(24)) {
        case 0: lose(); break;
        case 1: mute_ = true; break;  // what it would report from now on is lost
        case 2: dead_ = true; break;  // so is what it was to report of what was read, and calls end
        case 3: flush(); break;
        case 4:
        case 5: renew(); break;
        case 6:
        case 7:
        case 8:
        case 9:
        case 10:
        case 11:
          if (inner) inner();
          break;
        default: random_.below(2) == 0 ? write(any_key()) : report(); break;
      }
    }
  }
  // Everything is noticed, and reported.
  void come_to_rest() {
    if (mute_ || dead_) lose();
    renew();
    while (!reports_.empty()) report();
  }
  std::string any_key() { return "key:" + std::to_string(random_.below(kKeys)); }
  std::optional<std::string> truth(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::nullopt : std::optional(std::to_string(found->second));
  }

  static constexpr std::uint64_t kKeys = 2;
  std::function<void()> inner;  // another call, in the middle of one
  bool quiet = false;           // nothing happens by itself

 private:
  static std::vector<std::string> words_of(std::string_view* bytes) {
    const auto number = [&] {
      const std::size_t end = bytes->find('\r');
      const std::size_t value = std::stoull(std::string(bytes->substr(1, end - 1)));
      bytes->remove_prefix(end + 2);
      return value;
    };
    std::vector<std::string> words(number());
    for (std::string& word : words) {
      const std::size_t size = number();
      word = bytes->substr(0, size);
      bytes->remove_prefix(size + 2);
    }
    return words;
  }
  static Reply reply_of(const std::string& bytes) {
    redisReader* reader = redisReaderCreate();
    redisReaderFeed(reader, bytes.data(), bytes.size());
    void* reply = nullptr;
    redisReaderGetReply(reader, &reply);
    redisReaderFree(reader);
    return Reply(static_cast<redisReply*>(reply));
  }
  std::string text(const std::string& key) const {
    const auto value = truth(key);
    return value ? "$" + std::to_string(value->size()) + "\r\n" + *value + "\r\n" : "$-1\r\n";
  }

  Reply execute(const std::vector<std::string>& words, bool tracks) {
    std::string answer;
    if (words[0] == "GET" || words[0] == "GETRANGE") {
      if (tracks && !mute_) tracked_.insert(words[1]);
      answer = text(words[1]);
    } else if (words[0] == "MGET") {
      answer = "*" + std::to_string(words.size() - 1) + "\r\n";
      for (std::size_t i = 1; i < words.size(); ++i) {
        if (tracks && !mute_) tracked_.insert(words[i]);
        answer += text(words[i]);
      }
    } else if (words[0] == "PTTL") {
      answer = values_.contains(words[1]) ? ":-1\r\n" : ":-2\r\n";
    } else {
      EXPECT_EQ(words[0], "SET");
      write(words[1]);
      answer = "+OK\r\n";
    }
    return reply_of(answer);
  }

  void write(const std::string& key) {
    values_[key] = ++last_version_;
    if (tracked_.erase(key) != 0) reports_.push_back(key);
  }
  void flush() {
    values_.clear();
    tracked_.clear();
    if (reporting_ && !mute_ && !dead_) reports_.push_back(std::nullopt);
  }
  void report() {
    if (reports_.empty() || !reporting_) return;
    const std::optional<std::string> key = reports_.front();
    reports_.pop_front();
    if (mute_ || dead_ || (flaw_ == Flaw::kForgetsAReport && random_.below(20) == 0)) return;
    key ? copies_.drop(*key) : copies_.drop_all();
  }
  void lose() {
    tracked_.clear();
    reports_.clear();
    if (reporting_) copies_.lost(FlushCause::kConnectionLost);
    reporting_ = mute_ = dead_ = false;
  }
  void renew() {
    if (reporting_) return;
    if (flaw_ != Flaw::kKeepsCopiesOfTheLastSession) copies_.renew();
    ++session_;
    reporting_ = true;
    copies_.found();
  }

  Copies& copies_;
  const Flaw flaw_;
  base::Random random_;
  int depth_ = 0;
  std::uint64_t session_ = 0;
  bool reporting_ = false;
  bool mute_ = false;
  bool dead_ = false;
  std::map<std::string, std::uint64_t> values_;
  std::uint64_t last_version_ = 0;
  std::set<std::string> tracked_;
  std::deque<std::optional<std::string>> reports_;  // nullopt: all keys
};

// What a schedule of this seed has found wrong; empty: nothing.
std::string run_schedule(std::uint64_t seed, Flaw flaw) {
  ScriptedLink* link = nullptr;
  State state({.command_timeout = 10s, .own_thread = false, .cache = {.max_memory = 1_MiB, .shards = 1}},
              [&](const NearCacheOptions&, Copies& copies) {
                auto made = std::make_unique<ScriptedLink>(copies, seed, flaw);
                link = made.get();
                return made;
              });
  link->come_to_rest();
  base::Random random(seed);
  std::map<std::string, std::uint64_t> seen;  // by command and key
  std::string wrong;
  const auto take = [&](const std::string& name, const Lookup<std::string>& got) {
    if (!got) return;
    const std::uint64_t version = std::stoull(*got);
    if (version < seen[name]) wrong += name + " went back from " + std::to_string(seen[name]) + " to " + *got + "\n";
    seen[name] = std::max(seen[name], version);
  };
  const auto range = [&](const std::string& key, std::string_view last) -> Lookup<std::string> {
    const std::string_view words[] = {"GETRANGE", key, "0", last};
    const Result<RemoteReply> got = state.read(key, words);
    if (!got) return got.status();
    if (got->type != RemoteReply::Type::kText) return {};
    return got->text;
  };
  std::set<std::string> busy;  // a read in progress may not be asked for again from within, by the same thread
  const std::function<void()> call = [&] {
    const std::string key = link->any_key();
    const std::uint64_t which = random.below(6);
    const std::string name = (which < 2 ? "get " : which == 2 ? "range " : "other range ") + key;
    if (which < 4 && !busy.insert(name).second) return;
    switch (which) {
      case 0: take(name, state.get(key)); break;
      case 1: take(name, state.mget(std::vector<std::string_view>{key})[0]); break;
      case 2: take(name, range(key, "-1")); break;
      case 3: take(name, range(key, "99")); break;
      case 4: {
        const std::string_view one = key;
        const std::string_view words[] = {"SET", key, "v"};
        state.write({&one, 1}, words).status();
        break;
      }
      default: link->happen(); break;
    }
    if (which < 4) busy.erase(name);
  };
  link->inner = call;
  for (int i = 0; i < 20; ++i) call();
  link->quiet = true;
  link->come_to_rest();
  for (std::uint64_t i = 0; i < ScriptedLink::kKeys; ++i) {
    const std::string key = "key:" + std::to_string(i);
    const std::string there = link->truth(key).value_or("none");
    // A copy is what is looked for: answers of the server are right.
    for (const Lookup<std::string>& got : {state.cache.peek(key), range(key, "-1"), range(key, "99")}) {
      if (got && *got != there) wrong += key + " is " + *got + " here, and there " + there + "\n";
    }
    if (const Lookup<std::string> got = state.get(key); got && *got != there) wrong += key + " is stale\n";
  }
  return wrong;
}

TEST(NearSchedules, CopiesAreWhatTheServerHas) {
  const std::uint64_t schedules = support::count(2'000, 100'000);
  for (std::uint64_t seed = 0; seed < schedules; ++seed) ASSERT_EQ(run_schedule(seed, Flaw::kNone), "") << seed;
}

TEST(NearSchedules, FindWhatIsWrong) {
  for (const Flaw flaw : {Flaw::kForgetsAReport, Flaw::kKeepsCopiesOfTheLastSession}) {
    std::uint64_t seed = 0;
    while (seed < 20'000 && run_schedule(seed, flaw).empty()) ++seed;
    EXPECT_LT(seed, 20'000u) << static_cast<int>(flaw);
    std::cout << "flaw " << static_cast<int>(flaw) << " found by seed " << seed << "\n";
  }
}

}  // namespace
}  // namespace larder::near
