// SPDX-License-Identifier: Apache-2.0
// work_ahead.hpp - something that will be wanted soon, done meanwhile by another thread of the
// query pool.
//
//   WorkAhead next(executor, [this] { make_next(); });
//   next.begin();
//   ...                                 // something else
//   if (!next.finish()) make_next();
//
// Where no core is idle nobody has begun when it is wanted, and whoever wants it does it: then it
// costs a lock, and cannot end in waiting for each other.
#pragma once

#include "runtime/executor.hpp"

#include <memory>

namespace narthex::runtime {

// One thread. The executor outlives it. What the work looks at is the other thread's between
// begin() and finish(), and is let alone by it once this has gone.
class WorkAhead {
 public:
  // The work must not throw.
  WorkAhead(Executor& executor, Task work);
  ~WorkAhead();  // waits where it is being done
  WorkAhead(const WorkAhead&) = delete;
  WorkAhead& operator=(const WorkAhead&) = delete;

  // REQUIRES: it is not begun, or finished.
  void begin();
  // Ends what begin() began: true when it is done, false when nobody had come to it, or nothing was
  // begun.
  bool finish();
  // Whether finish() would wait.
  bool is_running() const;
  // Does here what begin() asked for, where nobody has come to it.
  void help();

 private:
  struct State;
  const std::shared_ptr<State> state_;  // shared with a task that may begin when this has gone
  Executor& executor_;
};

}  // namespace narthex::runtime
