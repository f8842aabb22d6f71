package org.sipproxy.core.internal.call;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;

class UserCallsTest {

    private final UserCalls calls = new UserCalls();

    private static Aor bob() {
        return new Aor("bob", "sip.test");
    }

    @Test
    void callsAreCountedUpToTheLimitAndShareOneUser() {
        Aor first = calls.add(bob(), 2);
        Aor second = calls.add(bob(), 2);

        assertThat(first).isNotNull().isSameAs(second);
        assertThat(calls.add(bob(), 2)).isNull();
        assertThat(calls.of(bob())).isEqualTo(2);

        calls.remove(first);
        assertThat(calls.add(bob(), 2)).isNotNull();
    }

    @Test
    void userWithoutACallIsRemoved() {
        calls.remove(calls.add(bob(), 1));
        calls.remove(bob());
        calls.remove(null);

        assertThat(calls.of(bob())).isZero();
    }
}
