package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.server.config.Arguments;
import org.sipproxy.server.config.ConfigExample;
import org.sipproxy.server.config.Section;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The configuration file: its format, its place in the command line, its errors, and the generated example. */
class ConfigFileTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("sipproxy.conf");
    }

    private int execute(String... args) {
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), args);
    }

    private Arguments arguments(String text, String... args) throws IOException {
        Files.writeString(file, text);
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--config");
        all.add(file.toString());
        return Arguments.of(Launcher.commands(), all.toArray(new String[0]));
    }

    @Test
    void valuesAreVerbatimToTheEndOfTheLine() throws IOException {
        Arguments arguments = arguments(
                String.join(
                        "\r\n",
                        "\ufeff# comment",
                        "",
                        "subscriber 1002:S3cret#2024",
                        "   subscriber \t 1001:a\"b c'=\\  ",
                        "  # indented comment",
                        "no-auth ",
                        "nat-test 19,websocket"),
                "run");

        assertThat(arguments.problems()).isEmpty();
        assertThat(arguments.texts())
                .startsWith(
                        "run",
                        "--subscriber=1002:S3cret#2024",
                        "--subscriber=1001:a\"b c'=\\",
                        "--no-auth",
                        "--nat-test=19,websocket");
    }

    @Test
    void anOptionOfTheCommandLineReplacesThatOfTheFileAndAListIsAddedToIt() throws IOException {
        Arguments arguments = arguments(
                "domain a.test\nmax-contacts 3\nno-auth\n",
                "run",
                "--max-contacts",
                "5",
                "--domain=b.test",
                "--no-auth");

        assertThat(arguments.texts())
                .startsWith("run", "--domain=a.test", "--max-contacts", "5", "--domain=b.test", "--no-auth");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "listem udp:127.0.0.1:0     | unknown option: listem; did you mean listen",
                "listen                     | listen has no value; write it as listen TRANSPORT:HOST[:PORT]",
                "no-auth yes                | no-auth takes no value; write its name alone",
                "--listen udp:127.0.0.1:0   | names of options are without dashes in a file; write listen and a blank",
                "subscriber=1001:secret     | write a blank instead of = after subscriber",
                "config other.conf          | a file cannot name another one",
                "help                       | unknown option: help",
            })
    void mistakesAreReportedWithFileAndLine(String line, String problem) throws IOException {
        Files.writeString(file, "# comment\n" + line + "\n");

        assertThat(execute("run", "--config=" + file)).isEqualTo(2);
        assertThat(err.toString()).contains("sipproxy.conf:2: " + problem).doesNotContain("secret");
    }

    @Test
    void linesThatCannotBeReadAndWrongValuesAreReportedTogetherInTheOrderOfTheLines() throws IOException {
        Files.writeString(file, """
            max-expires -5
            listem udp:127.0.0.1:0
            subscriber 1001
            log-level loud
            database-url http://127.0.0.1/
            """);

        assertThat(execute("check", "--config=" + file)).isEqualTo(2);
        // that listen and domain are missing is not reported: a misspelled line may be the reason
        assertThat(err.toString().lines().map(line -> line.replaceFirst(".*sipproxy\\.conf", "")))
                .satisfiesExactly(
                        line -> assertThat(line).startsWith(":1: max-expires: "),
                        line -> assertThat(line).startsWith(":2: unknown option: listem"),
                        line -> assertThat(line).startsWith(":3: subscriber: "),
                        line -> assertThat(line)
                                .isEqualTo(":4: log-level: \"loud\" (expected error, warn, info, debug or trace)"),
                        line -> assertThat(line).startsWith(":5: database-url: "));
    }

    @Test
    void anOptionThatIsGivenTwiceIsReportedWithBothLines() throws IOException {
        assertThat(arguments("max-contacts 3\n\nmax-contacts 4\n", "run").problems())
                .containsExactly(
                        file + ":3: max-contacts is given twice, first in " + file + ":1; remove one of the lines");
    }

    @Test
    void aWrongValueIsReportedWithFileAndLine() throws IOException {
        Files.writeString(file, """
            listen udp:127.0.0.1:0
            listen sctp:127.0.0.1:0
            domain sip.test
            max-contacts many
            no-auth
            log-level loud
            """);
        assertThat(execute("run", "--config", file.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("sipproxy.conf:6: ", "loud");

        Files.writeString(file, Files.readString(file).replace("log-level loud\n", ""));
        assertThat(execute("run", "--config", file.toString())).isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "sipproxy.conf:2: listen: \"sctp:127.0.0.1:0\" (expected TRANSPORT",
                        "sipproxy.conf:4: max-contacts: \"many\" is not an integer");

        assertThat(execute("check", "--config", file.toString())).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "udp:127.0.0.1:99999                  | port 99999 (expected 0 to 65535)",
                "udp:127.0.0.1:-1                     | has the port \"-1\"",
                "udp::5060                            | the host is empty",
                "udp:127.0.0.1:0 advertise x.test:99999 | advertisedPort 99999 (expected 0 to 65535)"
            })
    void aWrongListeningPointIsReportedWithItsLineAndValue(String value, String problem) throws IOException {
        Files.writeString(
                file,
                "listen udp:127.0.0.1:0\nlisten tcp:127.0.0.1:0\nlisten " + value + "\ndomain sip.test\nno-auth\n");

        assertThat(execute("check", "--config", file.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("sipproxy.conf:3: listen: \"" + value + "\": ", problem);
    }

    @Test
    void checkReadsTheValuesOfAllOptionsOfRun() throws IOException {
        assertThat(Launcher.commands()
                        .getSubcommands()
                        .get("check")
                        .getCommandSpec()
                        .optionsMap())
                .containsKeys(run().getCommandSpec().optionsMap().keySet().toArray(new String[0]));

        String valid = "listen udp:127.0.0.1:0\ndomain sip.test\nno-auth\n";
        Files.writeString(file, valid + "log-format xml\n");
        assertThat(execute("check", "--config", file.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("sipproxy.conf:4: ", "xml");

        Files.writeString(file, valid + "auth-algorithm MD4\n");
        assertThat(execute("check", "--config", file.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("sipproxy.conf:4: auth-algorithm: \"MD4\" (expected");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThat(execute("run", "--config", "no-such-file")).isEqualTo(2);
        assertThat(err.toString()).contains("--config: no-such-file does not exist");
        assertThat(execute("check", "--config=" + folder)).isEqualTo(2);
        assertThat(err.toString()).contains("is a directory");
    }

    @Test
    void commandsForTheDatabaseTakeItsOptionsAndIgnoreTheOthers() throws IOException {
        String text = """
            listen udp:127.0.0.1:5060
            domain sip.test
            database-url jdbc:postgresql://127.0.0.1/kamailio
            database-user kamailio
            password-column ha1
            """;

        assertThat(arguments(text, "add", "1001@sip.test").texts())
                .startsWith(
                        "add",
                        "--database-url=jdbc:postgresql://127.0.0.1/kamailio",
                        "--database-user=kamailio",
                        "1001@sip.test");
        assertThat(arguments(text, "db", "check").texts())
                .startsWith(
                        "db",
                        "check",
                        "--domain=sip.test",
                        "--database-url=jdbc:postgresql://127.0.0.1/kamailio",
                        "--database-user=kamailio",
                        "--password-column=ha1");
    }

    @Test
    void aFileOfArgumentsIsNotRead() {
        assertThat(execute("run", "@proxy.args")).isEqualTo(2);
        assertThat(err.toString())
                .contains("unknown argument: @proxy.args; write the options to a configuration file, and name it with"
                        + " --config");
    }

    // ---- the example

    private static CommandLine run() {
        return new CommandLine(new RunCommand());
    }

    @Test
    void theExampleHasOnlyCommentsAndEveryOption() throws IOException {
        assertThat(execute("config", "example")).isZero();

        Arguments arguments = arguments(out.toString(), "run");
        assertThat(arguments.problems()).isEmpty();
        assertThat(arguments.texts()).containsExactly("run", "--config", file.toString());
        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 104);
        for (OptionSpec option : run().getCommandSpec().options()) {
            if (!option.usageHelp()
                    && !option.versionHelp()
                    && !option.longestName().equals("--config")) {
                assertThat(out.toString())
                        .containsPattern("(?m)^#" + option.longestName().substring(2) + "( |$)");
            }
        }
    }

    @Test
    void theExampleWithItsDefaultsEqualsNoFile() throws IOException {
        List<String> lines = new ArrayList<>();
        for (OptionSpec option : run().getCommandSpec().options()) {
            if (option.defaultValue() != null) {
                String name = option.longestName().substring(2) + " ";
                ConfigExample.lines(run()).stream()
                        .filter(line -> line.startsWith("#" + name))
                        .forEach(line -> lines.add(line.substring(1)));
            }
        }
        Arguments arguments = arguments(String.join("\n", lines), "run");
        assertThat(arguments.problems()).isEmpty();
        assertThat(lines).hasSizeGreaterThan(20);

        CommandLine with = run();
        with.parseArgs(List.of(arguments.texts()).subList(1, lines.size() + 1).toArray(new String[0]));
        CommandLine without = run();
        without.parseArgs();
        for (OptionSpec option : without.getCommandSpec().options()) {
            OptionSpec read = with.getCommandSpec().findOption(option.longestName());
            assertThat(Objects.toString(read.getValue(), ""))
                    .as(option.longestName())
                    .isEqualTo(Objects.toString(option.getValue(), ""));
        }
    }

    @Test
    void everyClassOfOptionsHasAHeadingOnce() {
        for (OptionSpec option : run().getCommandSpec().options()) {
            if (!option.usageHelp()
                    && !option.versionHelp()
                    && !option.longestName().equals("--config")) {
                assertThat(((java.lang.reflect.Field) option.userObject())
                                .getDeclaringClass()
                                .getAnnotation(Section.class))
                        .as("heading of %s", option.longestName())
                        .isNotNull();
            }
        }
        assertThat(ConfigExample.lines(run()).stream().filter(line -> line.startsWith("# ---- ")))
                .doesNotHaveDuplicates()
                .hasSizeGreaterThan(10);
    }
}
