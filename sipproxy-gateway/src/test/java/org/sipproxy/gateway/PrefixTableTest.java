package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PrefixTableTest {

    @Test
    void longestPrefixWins() {
        PrefixTable table = new PrefixTable(Map.of("+", "world", "+49", "germany", "+4930", "berlin"));

        assertThat(table.setOf("+4930123")).hasValue("berlin");
        assertThat(table.setOf("+4930")).hasValue("berlin");
        assertThat(table.setOf("+4931")).hasValue("germany");
        assertThat(table.setOf("+1")).hasValue("world");
        assertThat(table.setOf("030")).isEmpty();
        assertThat(table.setOf("")).isEmpty();
    }
}
