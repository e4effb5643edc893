/** The table behind a chart: for screen readers, and for whoever reads a page's text. */
interface Props {
  caption: string;
  head: string[];
  rows: string[][];
  /** The column that names a row. */
  named?: number;
}

export const Behind = ({ caption, head, rows, named = 0 }: Props) => (
  <div class="nbx-hidden">
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {head.map((text) => (
            <th scope="col">{text}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {row.map((text, i) =>
              i === named ? (
                <th scope="row">
                  <bdi>{text}</bdi>
                </th>
              ) : (
                <td>{text}</td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
