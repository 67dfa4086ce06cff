// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Threads that do a job at the same time and say what it took. They live as long as the crew, so that their allocator's
// heaps stay what they are from one job to the next. A crew of one is the calling thread itself.
//
// Thread safety: `run` is called by one thread at a time.
#pragma once

#include <barrier>
#include <functional>
#include <thread>
#include <vector>

namespace larder::bench {

struct Taken {
  double cpu_ns = 0;   // of all threads together
  double wall_ns = 0;  // from the start of the first to the end of the last
};

class Crew {
 public:
  using Job = std::function<void(unsigned index)>;

  explicit Crew(unsigned threads);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  unsigned size() const { return size_; }
  Taken run(const Job& job);

 private:
  struct Times {
    std::int64_t cpu_ns = 0;
    std::int64_t began_ns = 0;
    std::int64_t ended_ns = 0;
  };
  void work(unsigned index);
  static Times timed(const Job& job, unsigned index);

  const unsigned size_;
  const Job* job_ = nullptr;  // null: go home. Written between two barriers
  std::vector<Times> times_;
  std::barrier<> start_;
  std::barrier<> end_;
  std::vector<std::thread> threads_;
};

}  // namespace larder::bench
