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
/// not exist are counted, kept and refused alike.
struct AttemptSubject {
  PoolId pool;
  Bytes blind;
  std::optional<UserId> user;
  std::uint64_t epoch = 0;  ///< the credential's
  std::string request_id = {};
};

/// What anybody can fill by trying names.
struct LockoutLimits {
  /// Counts in memory, of two generations of this many; forgetting one only costs a read of its row.
  std::size_t live_names = 50'000;
  /// Rows of names that are nobody's. Beyond it new ones are counted in memory alone.
  std::size_t name_rows = 100'000;
};

/// Counts failed password attempts: this region's own live, kept in its row of the replicated table where it
/// may write and in local.db where it may not; the other regions' from their rows. Rows are written behind
/// the answer, so that their cost does not show in its time. Thread-safe; lives as long as the process, and
/// is destroyed off the I/O threads.
class LockoutService {
 public:
  explicit LockoutService(Foundation base, LockoutLimits limits = {});
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

  /// Removes the rows of names that are nobody's and whose failures no longer count; where this region may
  /// not write, its own in local.db alone.
  async::Task<Result<>> sweep();
  /// sweep, every ten minutes; ends by cancellation.
  async::Task<> run();

 private:
  struct State;
  struct Live;
  struct Place;
  /// What one part of a sweep found.
  struct Swept {
    std::size_t kept = 0;
    Bytes last;
    bool is_end = false;
  };
  static Result<Place> place_of(const AttemptSubject& subject);
  [[nodiscard]] Bytes own_row(const Place& place) const;
  async::Task<Result<bool>> has_room(AttemptSubject subject, FailureCount count);
  Result<Swept> sweep_local_names(Bytes after);
  Result<Swept> sweep_replicated_names(Bytes after, storage::Transaction& transaction) const;
  async::Task<> store(AttemptSubject subject, FailureCount count);
  async::Task<> clear(AttemptSubject subject, bool others_counted);
  [[nodiscard]] Result<FailureCount> load_own(const AttemptSubject& subject) const;
  [[nodiscard]] Result<FailureCount> others(const AttemptSubject& subject) const;

  Foundation base_;
  LockoutLimits limits_;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::identity
