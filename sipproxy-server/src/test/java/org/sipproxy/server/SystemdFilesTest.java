package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Files of the service that the package and the container install. */
class SystemdFilesTest {

    private static final Path PACKAGING = Path.of("../packaging").toAbsolutePath();

    @ParameterizedTest
    @ValueSource(strings = {"sipproxy.conf", "docker/sipproxy.conf"})
    void configurationHasOptionsOfRunOnly(String file) throws IOException {
        List<String> options = Files.readAllLines(PACKAGING.resolve(file)).stream()
                .filter(line -> line.matches("#?[a-z].*")) // an option, or one that is commented out
                .map(line -> "--" + line.replaceFirst("#?(\\S+).*", "$1"))
                .toList();

        assertThat(options).hasSizeGreaterThan(3);
        assertThat(new CommandLine(new RunCommand())
                        .getCommandSpec()
                        .optionsMap()
                        .keySet())
                .containsAll(options);
    }

    @Test
    void commandOfThePackageLeavesSigusr2ToTheServer() throws IOException {
        assertThat(Files.readAllLines(PACKAGING.resolve("sipproxy")))
                .contains("export _JAVA_SR_SIGNUM=\"${_JAVA_SR_SIGNUM:-40}\"");
    }

    @Test
    void unitExpectsNotificationsAndWaitsLongerThanTheServerWrites() throws IOException {
        List<String> unit = Files.readAllLines(PACKAGING.resolve("systemd/sipproxy.service"));

        assertThat(unit).contains("Type=notify", "NotifyAccess=main", "WatchdogSec=30s", "TimeoutStopSec=11min");
        assertThat(String.join(
                        " ",
                        new CommandLine(new RunCommand())
                                .getCommandSpec()
                                .findOption("--stop-limit")
                                .description()))
                .contains("Default: 10m.");
    }
}
