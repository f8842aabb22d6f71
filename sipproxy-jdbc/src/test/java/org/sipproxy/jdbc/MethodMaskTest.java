package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.Method;

/** The column location.methods. */
class MethodMaskTest {

    private final MethodMask masks = new MethodMask();

    @Test
    void methodsHaveTheBitsOfKamailio() {
        Set<Method> methods = Set.of(Method.INVITE, Method.CANCEL, Method.ACK, Method.BYE, Method.OPTIONS);

        assertThat(MethodMask.of(methods)).isEqualTo(527);
        assertThat(masks.read(527)).isEqualTo(methods).isSameAs(masks.read(527));
    }

    @Test
    void clientThatListsNoMethodsHasNoMask() {
        assertThat(MethodMask.of(Set.of())).isNull();
        assertThat(masks.read(0)).isEmpty();
    }

    @Test
    void otherMethodIsReadAsAllMethodsBecauseItsBitDoesNotNameIt() {
        Integer mask = MethodMask.of(Set.of(Method.INVITE, Method.of("BENOTIFY")));

        assertThat(mask).isEqualTo(1 + (1 << 19));
        assertThat(masks.read(mask)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1 << 14, 1 << 18 | 1, 1 << 30})
    void bitsWithoutAMethodOfSipAreReadAsAllMethods(int mask) {
        assertThat(masks.read(mask)).isEmpty();
    }
}
