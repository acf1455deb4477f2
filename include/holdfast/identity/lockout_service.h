#pragma once

#include <memory>
#include <optional>
#include <string>

#include "holdfast/async/task.h"
#include "holdfast/base/result.h"
#include "holdfast/identity/foundation.h"
#include "holdfast/identity/lockout_rules.h"

namespace holdfast::identity {

/// Whose password is being tried. `blind` is the blinded username as typed, so that attempts on names that do
/// not exist are counted and refused alike; counts of those live in memory only.
struct AttemptSubject {
  PoolId pool;
  Bytes blind;
  std::optional<UserId> user;
  std::uint64_t epoch = 0;  ///< the credential's
  std::string request_id = {};
};

/// Counts failed password attempts: this region's own live, kept in its row of the replicated table where it
/// may write and in local.db where it may not; the other regions' from their rows. Whether a row is written
/// does not show in the time of an answer: that happens behind it. Thread-safe; lives as long as the process,
/// and is destroyed off the I/O threads.
class LockoutService {
 public:
  explicit LockoutService(Foundation base);
  ~LockoutService();

  /// One attempt under way; ends as abandoned (nothing counted) unless `failed` or `succeeded` is called with
  /// it.
  class Attempt {
   public:
    Attempt(Attempt&&) noexcept;
    Attempt& operator=(Attempt&&) noexcept;
    ~Attempt();

   private:
    friend class LockoutService;
    struct Body;
    explicit Attempt(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
  };

  /// `password_attempts_exceeded` (unauthenticated) while the account waits, and for more than one attempt at
  /// a time once the next failure would make it wait: guesses in parallel gain nothing.
  async::Task<Result<Attempt>> admit(AttemptSubject subject);
  async::Task<> failed(Attempt attempt);
  async::Task<> succeeded(Attempt attempt);

  /// Resumes when all counts so far are written: for tests and shutdown.
  async::Task<> settled();

 private:
  struct State;
  struct Live;
  async::Task<> store(AttemptSubject subject, FailureCount count);
  async::Task<> clear(AttemptSubject subject, bool others_counted);
  [[nodiscard]] Result<FailureCount> load_own(const AttemptSubject& subject) const;
  [[nodiscard]] Result<FailureCount> others(const AttemptSubject& subject) const;

  Foundation base_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
