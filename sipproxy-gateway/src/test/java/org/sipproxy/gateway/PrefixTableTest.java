package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PrefixTableTest {

    @Test
    void longestPrefixWins() {
        PrefixTable<String> table = new PrefixTable<>(Map.of("+", "world", "+49", "germany", "+4930", "berlin"));

        assertThat(table.find("+4930123")).hasValue("berlin");
        assertThat(table.find("+4930")).hasValue("berlin");
        assertThat(table.find("+4931")).hasValue("germany");
        assertThat(table.find("+1")).hasValue("world");
        assertThat(table.find("030")).isEmpty();
        assertThat(table.find("")).isEmpty();
    }
}
