package org.sipproxy.core.internal.call;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;

/** Number of calls of each user who has one. Thread-safe. */
final class UserCalls {

    /** One user, which all calls of the user share. */
    private record Entry(Aor user, int count) {}

    private final ConcurrentHashMap<Aor, Entry> entries = new ConcurrentHashMap<>();

    /**
     * Counts a call of a user.
     *
     * @return the user, to be kept by the call; null if the user has {@code limit} calls already
     */
    @Nullable
    Aor add(Aor user, int limit) {
        Entry[] before = new Entry[1];
        Entry now = entries.compute(user, (key, entry) -> {
            before[0] = entry;
            int count = entry == null ? 0 : entry.count();
            return count >= limit ? entry : new Entry(entry == null ? user : entry.user(), count + 1);
        });
        return now == null || now == before[0] ? null : now.user();
    }

    void remove(@Nullable Aor user) {
        if (user != null) {
            entries.computeIfPresent(
                    user, (key, entry) -> entry.count() == 1 ? null : new Entry(entry.user(), entry.count() - 1));
        }
    }

    void clear() {
        entries.clear();
    }

    int of(Aor user) {
        Entry entry = entries.get(user);
        return entry == null ? 0 : entry.count();
    }
}
