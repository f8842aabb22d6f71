package org.sipproxy.core.internal.codec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SharedTextTest {

    @Test
    void textsAreSharedUntilThereAreTooMany() {
        SharedText shared = new SharedText(2);
        String first = shared.of("Snom/8.7");

        assertThat(shared.of(new String("Snom/8.7"))).isSameAs(first);
        for (int i = 0; i < 10; i++) {
            assertThat(shared.of("phone " + i)).isEqualTo("phone " + i);
        }
        assertThat(shared.size()).isEqualTo(2);
    }

    @Test
    void longTextThatAPeerChoseIsNotKept() {
        SharedText shared = new SharedText(1_024);

        assertThat(shared.of("x".repeat(60_000))).hasSize(60_000);

        assertThat(shared.size()).isZero();
    }
}
