// Runs axe-core on the page that it is loaded into, and leaves what it finds in the page.
"use strict";

const done = (found) => {
  const result = document.createElement("pre");
  result.id = "found";
  result.textContent = JSON.stringify(found);
  document.body.append(result);
};

axe
  .run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] })
  .then(({ violations, incomplete, passes }) => {
    const told = (all) => all.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
    const contrast = passes.find(({ id }) => id === "color-contrast");
    done({
      violations: told(violations),
      undecided: told(incomplete),
      contrasts: contrast ? contrast.nodes.length : 0,
      dark: matchMedia("(prefers-color-scheme: dark)").matches,
      tooWide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
      width: document.documentElement.clientWidth,
    });
  })
  .catch((error) => done({ violations: [String(error)] }));
