package org.sipproxy.server.part;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServerDirectoriesTest {

    private static ServerDirectories with(Map<String, String> environment) {
        return new ServerDirectories(environment);
    }

    @Test
    void directoriesOfTheServiceComeBeforeThoseOfTheUser() {
        ServerDirectories service = with(Map.of(
                "STATE_DIRECTORY", "/var/lib/sipproxy:/var/lib/other",
                "RUNTIME_DIRECTORY", "/run/sipproxy",
                "XDG_RUNTIME_DIR", "/run/user/1000"));
        assertThat(service.state()).isEqualTo(Path.of("/var/lib/sipproxy"));
        assertThat(service.runtime()).isEqualTo(Path.of("/run/sipproxy"));

        ServerDirectories user = with(Map.of("XDG_STATE_HOME", "/home/a/state", "XDG_RUNTIME_DIR", "/run/user/1000"));
        assertThat(user.state()).isEqualTo(Path.of("/home/a/state/sipproxy"));
        assertThat(user.runtime()).isEqualTo(Path.of("/run/user/1000/sipproxy"));
        assertThat(user.runtimes())
                .containsExactly(
                        Path.of("/run/user/1000/sipproxy"),
                        Path.of("/run/sipproxy"),
                        Path.of("/home/a/state/sipproxy"));

        ServerDirectories none = with(Map.of());
        assertThat(none.runtime()).isEqualTo(none.state());
        assertThat(none.state()).isEqualTo(Path.of(System.getProperty("user.home"), ".local", "state", "sipproxy"));
    }

    @Test
    void userWithoutAHomeDirectoryGetsThatOfTheService() {
        ServerDirectories nameless = new ServerDirectories(Map.of(), Path.of("?"));

        assertThat(nameless.state()).isEqualTo(Path.of("/var/lib/sipproxy"));
        assertThat(nameless.runtime()).isEqualTo(Path.of("/var/lib/sipproxy"));
        assertThat(nameless.cache()).isEqualTo(Path.of("/var/lib/sipproxy"));
    }
}
