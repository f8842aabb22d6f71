package org.sipproxy.core.internal.overload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Registered users are remembered for an hour or two. */
class RegisteredUsersTest {

    @Test
    void userIsForgottenInTheSecondHourWithoutARefresh() {
        RegisteredUsers users = new RegisteredUsers(0);
        users.add(1L << 40 | 7, 0);

        users.add(99, Duration.ofMinutes(61).toNanos());
        assertThat(users.contains(1L << 40 | 7)).isTrue();

        users.add(99, Duration.ofMinutes(122).toNanos());
        assertThat(users.contains(1L << 40 | 7)).isFalse();
        assertThat(users.contains(99)).isTrue();
    }

    @Test
    void fewOtherUsersAreTakenForRegistered() {
        RegisteredUsers users = new RegisteredUsers(0);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 100_000; i++) {
            users.add(random.nextLong(), 0);
        }

        long wrong = random.longs(100_000).filter(users::contains).count();

        assertThat(wrong).isLessThan(5_000);
    }
}
