// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/crew.h"

#include <algorithm>

#include "bench/workload/clocks.h"

namespace larder::bench {

Crew::Crew(unsigned threads) : size_(threads), times_(threads), start_(threads + 1), end_(threads + 1) {
  if (threads == 1) return;
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this, i] { work(i); });
}

Crew::~Crew() {
  if (threads_.empty()) return;
  job_ = nullptr;
  start_.arrive_and_wait();
  for (std::thread& thread : threads_) thread.join();
}

Taken Crew::run(const Job& job) {
  if (threads_.empty()) {
    times_[0] = timed(job, 0);
  } else {
    job_ = &job;
    start_.arrive_and_wait();
    end_.arrive_and_wait();
  }
  std::int64_t cpu = 0;
  std::int64_t began = times_[0].began_ns;
  std::int64_t ended = times_[0].ended_ns;
  for (const Times& times : times_) {
    cpu += times.cpu_ns;
    began = std::min(began, times.began_ns);
    ended = std::max(ended, times.ended_ns);
  }
  return {static_cast<double>(cpu), static_cast<double>(ended - began)};
}

void Crew::work(unsigned index) {
  for (;;) {
    start_.arrive_and_wait();
    if (job_ == nullptr) return;
    times_[index] = timed(*job_, index);
    end_.arrive_and_wait();
  }
}

Crew::Times Crew::timed(const Job& job, unsigned index) {
  Times times;
  times.began_ns = wall_ns();
  const std::int64_t cpu_before = thread_cpu_ns();
  job(index);
  times.cpu_ns = thread_cpu_ns() - cpu_before;
  times.ended_ns = wall_ns();
  return times;
}

}  // namespace larder::bench
