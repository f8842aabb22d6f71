package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.jdbc.Finding;
import org.sipproxy.jdbc.Finding.Severity;

/** What {@code run} and {@code check} make of the findings about a database. */
class DatabaseCheckupTest {

    private static final Finding CLOCK =
            new Finding(Severity.ERROR, "clock", "the server is 3600 s ahead", "synchronize both machines", false);
    private static final Finding ROLE = new Finding(Severity.WARNING, "role", "a superuser", "use another", false);
    private static final Finding TABLE = new Finding(Severity.ERROR, "table subscriber", "no such table", "", true);

    @Test
    void errorWithWhichTheProxyServesIsTheFirstWarning() {
        DatabaseCheckup checkup = new DatabaseCheckup(List.of(ROLE, CLOCK));

        assertThat(checkup.preventsService()).isFalse();
        assertThat(checkup.problems()).isEmpty();
        assertThat(checkup.warnings())
                .containsExactly(
                        "database: clock: the server is 3600 s ahead; synchronize both machines",
                        "database: role: a superuser; use another");
    }

    @Test
    void ifTheProxyCannotServeEveryErrorIsAProblem() {
        DatabaseCheckup checkup = new DatabaseCheckup(List.of(ROLE, CLOCK, TABLE));

        assertThat(checkup.preventsService()).isTrue();
        assertThat(checkup.problems())
                .containsExactly(
                        "database: table subscriber: no such table",
                        "database: clock: the server is 3600 s ahead; synchronize both machines");
        assertThat(checkup.warnings()).containsExactly("database: role: a superuser; use another");
    }
}
