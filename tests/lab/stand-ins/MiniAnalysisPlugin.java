// The part of the module analysis-common that Elasticsearch 7.17 and 8 cannot do without: their index of users and API
// keys (.security) is mapped with pattern_capture, unique and uax_url_email. And the english analyzer, for tests.
package lab;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.index.analysis.AnalyzerScope;
import org.elasticsearch.index.analysis.PreConfiguredTokenFilter;
import org.elasticsearch.index.analysis.PreConfiguredTokenizer;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

public class MiniAnalysisPlugin extends Plugin implements AnalysisPlugin {
  @Override
  public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
    return Map.of(
        "pattern_capture", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) -> {
          Pattern[] patterns = settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
          boolean keep = settings.getAsBoolean("preserve_original", true);
          return filter(name, input -> new PatternCaptureGroupTokenFilter(input, keep, patterns));
        }),
        "unique", (index, environment, name, settings) -> filter(name, RemoveDuplicatesTokenFilter::new));
  }

  @Override
  public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
    return Map.of("uax_url_email",
        (index, environment, name, settings) -> TokenizerFactory.newFactory(name, MiniAnalysisPlugin::urlEmail));
  }

  @Override
  public List<PreConfiguredTokenFilter> getPreConfiguredTokenFilters() {
    return List.of(PreConfiguredTokenFilter.singleton("unique", false, RemoveDuplicatesTokenFilter::new));
  }

  @Override
  public List<PreConfiguredTokenizer> getPreConfiguredTokenizers() {
    return List.of(PreConfiguredTokenizer.singleton("uax_url_email", MiniAnalysisPlugin::urlEmail));
  }

  @Override
  public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
    return Map.of("english", (index, environment, name, settings) -> new English(name));
  }

  private static TokenFilterFactory filter(String name, UnaryOperator<TokenStream> wrap) {
    return new TokenFilterFactory() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public TokenStream create(TokenStream input) {
        return wrap.apply(input);
      }
    };
  }

  // By name: the package is `standard` in Lucene 8, `email` in Lucene 9.
  private static Tokenizer urlEmail() {
    for (String place : List.of("email", "standard")) {
      try {
        Class<?> found = Class.forName("org.apache.lucene.analysis." + place + ".UAX29URLEmailTokenizer");
        return (Tokenizer) found.getConstructor().newInstance();
      } catch (ReflectiveOperationException missing) {
        // the other one
      }
    }
    throw new IllegalStateException("this Lucene has no UAX29URLEmailTokenizer");
  }

  private static class English implements AnalyzerProvider<EnglishAnalyzer> {
    private final String name;
    private final EnglishAnalyzer analyzer = new EnglishAnalyzer();

    English(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public AnalyzerScope scope() {
      return AnalyzerScope.INDEX;
    }

    @Override
    public EnglishAnalyzer get() {
      return analyzer;
    }
  }
}
