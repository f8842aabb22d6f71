package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands {@code completion} and {@code man}. */
class ShellSupportTest {

    @Test
    void bashCompletesCommandsAndOptions(@TempDir Path directory) throws Exception {
        Path script = Files.writeString(directory.resolve("completion"), output("completion", "bash"));

        assertThat(completions(script, "sipproxy", "")).contains("run", "db", "completion");
        assertThat(completions(script, "sipproxy", "db", "cr")).containsExactly("create");
        assertThat(completions(script, "sipproxy", "run", "--dom")).containsExactly("--domain");
        assertThat(completions(script, "sipproxy", "run", "--log-level", "")).contains("warn", "trace");
    }

    @Test
    void manualHasEveryOptionOfRun() {
        String page = output("man");

        assertThat(new CommandLine(new RunCommand())
                        .getCommandSpec().options().stream()
                                .map(option -> option.longestName().replace("-", "\\-")))
                .allSatisfy(name -> assertThat(page).contains(name));
        assertThat(page).doesNotContain("java \\-jar");
    }

    private static String output(String... args) {
        StringWriter out = new StringWriter();
        assertThat(Launcher.execute(new PrintWriter(out), new PrintWriter(new StringWriter()), args))
                .isZero();
        return out.toString();
    }

    /**
     * Calls the function that the script registers, as bash does when the user presses the tab key. {@code compopt} is
     * replaced, because it works only then.
     */
    private static String[] completions(Path script, String... words) throws Exception {
        String commands = "compopt() { :; }; source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1));"
                + " $(complete -p sipproxy | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' \"${COMPREPLY[@]}\"";
        Process bash;
        try {
            ProcessBuilder builder = new ProcessBuilder("bash", "-c", commands, script.toString());
            builder.command().addAll(List.of(words));
            bash = builder.redirectErrorStream(true).start();
        } catch (IOException e) {
            assumeTrue(false, "bash is not installed");
            return new String[0];
        }
        String printed = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor()).as(printed).isZero();
        return printed.lines().map(String::strip).toArray(String[]::new);
    }
}
